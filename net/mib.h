/* SPDX-License-Identifier: MIT */
/* MIB counters (RFC 4293, RFC 4292 and Linux's extensions), by the names that nstat prints. */
#ifndef NET_MIB_H
#define NET_MIB_H

/* clang-format off */
#define MIB_COUNTERS(X)                                                                                 \
	X(IpInReceives) X(IpInHdrErrors) X(IpInAddrErrors) X(IpForwDatagrams) X(IpInUnknownProtos)      \
	X(IpInDelivers) X(IpOutRequests) X(IpOutDiscards) X(IpOutNoRoutes)              \
	X(IpReasmTimeout) X(IpReasmReqds) X(IpReasmOKs) X(IpReasmFails) X(IpFragOKs)                    \
	X(IpFragFails) X(IpFragCreates)                                                                 \
	X(IcmpInMsgs) X(IcmpInErrors) X(IcmpInCsumErrors) X(IcmpInDestUnreachs) X(IcmpInTimeExcds)      \
	X(IcmpInParmProbs) X(IcmpInSrcQuenchs) X(IcmpInRedirects) X(IcmpInEchos) X(IcmpInEchoReps)      \
	X(IcmpInTimestamps) X(IcmpInTimestampReps) X(IcmpInAddrMasks) X(IcmpInAddrMaskReps)             \
	X(IcmpOutMsgs) X(IcmpOutErrors) X(IcmpOutRateLimitGlobal) X(IcmpOutRateLimitHost)               \
	X(IcmpOutDestUnreachs) X(IcmpOutTimeExcds) X(IcmpOutParmProbs) X(IcmpOutSrcQuenchs)             \
	X(IcmpOutRedirects) X(IcmpOutEchos) X(IcmpOutEchoReps) X(IcmpOutTimestamps)                     \
	X(IcmpOutTimestampReps) X(IcmpOutAddrMasks) X(IcmpOutAddrMaskReps)                              \
	X(TcpInSegs) X(TcpInErrs) X(TcpInCsumErrors) X(TcpPassiveOpens) \
	X(TcpExtSyncookiesSent) X(TcpExtSyncookiesRecv) X(TcpExtSyncookiesFailed) X(TcpExtEmbryonicRsts) \
	X(TcpExtOutOfWindowIcmps) X(TcpExtTWRecycled) X(TcpExtPAWSEstab) X(TcpExtListenOverflows) \
	X(TcpExtListenDrops) X(TcpExtTCPReqQFullDoCookies) X(TcpExtTCPReqQFullDrop) \
	X(TcpExtTCPDeferAcceptDrop) X(TcpExtTCPTimeWaitOverflow) \
	X(TcpExtTCPChallengeACK) X(TcpExtTCPSYNChallenge) X(TcpExtTCPACKSkippedSynRecv) \
	X(TcpExtTCPACKSkippedPAWS) X(TcpExtTCPACKSkippedSeq) X(TcpExtTCPACKSkippedFinWait2) \
	X(TcpExtTCPACKSkippedTimeWait) X(TcpExtTCPACKSkippedChallenge) \
	X(TcpActiveOpens) X(TcpCurrEstab) X(TcpAttemptFails) X(TcpEstabResets) \
	X(TcpOutSegs) X(TcpRetransSegs) X(TcpOutRsts) \
	X(UdpInDatagrams) X(UdpNoPorts) X(UdpInErrors) X(UdpOutDatagrams) X(UdpRcvbufErrors)            \
	X(UdpSndbufErrors) X(UdpInCsumErrors) X(UdpIgnoredMulti) X(UdpMemErrors)                        \
	X(TcpExtTCPTimeouts) X(TcpExtTCPAbortOnClose) X(TcpExtTCPAbortOnMemory) \
	X(TcpExtTCPAbortOnLinger) X(TcpExtTCPAbortOnTimeout) X(TcpExtTCPKeepAlive) X(TcpExtTCPWinProbe) \
	X(TcpExtTCPSackRecovery) X(TcpExtTCPRenoRecovery) X(TcpExtTCPFastRetrans) X(TcpExtTCPSlowStartRetrans) \
	X(TcpExtTCPLostRetransmit) X(TcpExtTCPSACKReorder) X(TcpExtTCPSACKReneging) X(TcpExtTCPSACKDiscard) \
	X(TcpExtTCPDSACKRecv) X(TcpExtTCPDSACKOfoRecv) X(TcpExtTCPDSACKIgnoredDubious) X(TcpExtTCPDSACKUndo) \
	X(TcpExtTCPFullUndo) X(TcpExtTCPPartialUndo) X(TcpExtTCPLossUndo) X(TcpExtTCPSpuriousRTOs) \
	X(TcpExtTCPLossProbes) X(TcpExtTCPLossProbeRecovery) X(TcpExtTCPHystartDelayDetect)             \
	X(TcpExtTCPMemoryPressures) X(TcpExtPruneCalled) X(TcpExtOfoPruned) X(TcpExtTCPRcvCollapsed)    \
	X(TcpExtTCPRcvCoalesce) X(TcpExtTCPOFOQueue) X(TcpExtTCPOFOMerge) X(TcpExtTCPOFODrop)           \
	X(TcpExtTCPRcvQDrop) X(TcpExtTCPZeroWindowDrop) X(TcpExtTCPToZeroWindowAdv)                     \
	X(TcpExtTCPFromZeroWindowAdv) X(TcpExtTCPWantZeroWindowAdv) X(TcpExtTCPDSACKOldSent)            \
	X(TcpExtTCPDSACKOfoSent) X(TcpExtDelayedACKs) X(TcpExtDelayedACKLost) X(TcpExtTCPAbortOnData)   \
	X(IpExtInNoRoutes) X(IpExtInTruncatedPkts) X(IpExtInMcastPkts) X(IpExtOutMcastPkts)             \
	X(IpExtInBcastPkts) X(IpExtOutBcastPkts) X(IpExtInOctets) X(IpExtOutOctets)                     \
	X(IpExtInMcastOctets) X(IpExtOutMcastOctets) X(IpExtInBcastOctets) X(IpExtOutBcastOctets)       \
	X(IpExtInCsumErrors) X(IpExtReasmOverlaps) X(TcpExtIPReversePathFilter) X(ArpInSourceMismatch)
/* clang-format on */

enum mib {
#define X(name) MIB_##name,
	MIB_COUNTERS(X)
#undef X
		MIB_COUNT
};

extern const char *const mib_names[MIB_COUNT];

#endif
