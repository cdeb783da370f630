// SPDX-License-Identifier: MIT

// gVisor's netstack as a peer of the benchmark: echo (7), discard (9) and chargen (19) on Debian's
// golang-gvisor-gvisor-dev, by its own endpoint for TAP devices and its counterpart of Go's net package.
//
//	gvisor TAP ADDRESS
//
// SACK, CUBIC and autotuned buffers are on, as in runsc.
package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/tun"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const (
	nic    = 1
	mac    = "\x02\x00\x00\x00\x00\x01"
	atOnce = 64 << 10
	most   = 4 << 20 // bytes of a buffer
)

func must(what string, err interface{}) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "gvisor: %s: %v\n", what, err)
		os.Exit(1)
	}
}

// On the TAP device, with the address.
func newStack(tap string, addr tcpip.Address) *stack.Stack {
	fd, err := tun.OpenTAP(tap)
	must(tap, err)
	link, err := fdbased.New(&fdbased.Options{
		FDs: []int{fd}, MTU: 1500, EthernetHeader: true, Address: tcpip.LinkAddress(mac),
	})
	must("device", err)
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
	})
	must("nic", s.CreateNIC(nic, link))
	must("address", s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol: ipv4.ProtocolNumber, AddressWithPrefix: addr.WithPrefix(),
	}, stack.AddressProperties{}))
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s
}

func setOptions(s *stack.Stack) {
	sack, cubic, autotune := tcpip.TCPSACKEnabled(true), tcpip.CongestionControlOption("cubic"),
		tcpip.TCPModerateReceiveBufferOption(true)
	must("SACK", s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack))
	must("CUBIC", s.SetTransportProtocolOption(tcp.ProtocolNumber, &cubic))
	must("autotuning", s.SetTransportProtocolOption(tcp.ProtocolNumber, &autotune))
	must("receive buffer", s.SetTransportProtocolOption(tcp.ProtocolNumber,
		&tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: most}))
	must("send buffer", s.SetTransportProtocolOption(tcp.ProtocolNumber,
		&tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: 1 << 20, Max: most}))
}

func echo(c net.Conn) {
	io.CopyBuffer(c, c, make([]byte, atOnce))
}

func discard(c net.Conn) {
	data := make([]byte, atOnce)
	for {
		if _, err := c.Read(data); err != nil {
			return
		}
	}
}

func chargen(c net.Conn) {
	data := make([]byte, atOnce)
	for {
		if _, err := c.Write(data); err != nil {
			return
		}
	}
}

func serve(s *stack.Stack, port uint16, service func(net.Conn)) {
	l, err := gonet.ListenTCP(s, tcpip.FullAddress{NIC: nic, Port: port}, ipv4.ProtocolNumber)
	must("listen", err)
	for {
		c, err := l.Accept()
		must("accept", err)
		go func() {
			service(c)
			c.Close()
		}()
	}
}

func serveDatagrams(s *stack.Stack) {
	c, err := gonet.DialUDP(s, &tcpip.FullAddress{NIC: nic, Port: 7}, nil, ipv4.ProtocolNumber)
	must("udp", err)
	data := make([]byte, atOnce)
	for {
		n, from, err := c.ReadFrom(data)
		must("datagram", err)
		c.WriteTo(data[:n], from)
	}
}

func main() {
	if len(os.Args) != 3 || net.ParseIP(os.Args[2]).To4() == nil {
		fmt.Fprintln(os.Stderr, "Usage: gvisor TAP ADDRESS")
		os.Exit(2)
	}
	s := newStack(os.Args[1], tcpip.Address(net.ParseIP(os.Args[2]).To4()))
	setOptions(s)
	go serve(s, 7, echo)
	go serve(s, 9, discard)
	go serve(s, 19, chargen)
	serveDatagrams(s)
}
