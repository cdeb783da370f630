# SPDX-License-Identifier: MIT
# Completion of tapir's command line, for bash. The shell of tapir completes by itself.

_tapir_interfaces() {
	local path
	for path in /sys/class/net/*; do
		case $1 in
		tap | tun) [ -e "$path/tun_flags" ] && echo "${path##*/}" ;;
		macvtap) compgen -G "$path/tap*" >/dev/null && echo "${path##*/}" ;;
		esac
	done
}

_tapir() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} used=" ${COMP_WORDS[*]} "
	local options="--host --tap --tun --macvtap --socket --empty -c -f -e --virtual --seed --record --again --busy-poll --version --help"
	COMPREPLY=()
	[ "${COMP_WORDS[1]}" != replay ] || options="--setup --expect --update --out --mask --foreign --ours --fast --all --linger --after --dev --seed --help"
	[ "${COMP_WORDS[1]}" != diff ] || options="--setup --kernel-setup --mask --keep-going --gap --dev --seed --help"
	case $before in
	--tap | --tun | --macvtap) COMPREPLY=($(compgen -W "$(_tapir_interfaces "${before#--}")" -- "$word")) ;;
	--addr | --mac | --gw | --seed | --busy-poll | -c | --linger | --gap | --dev | --ours) ;;
	--mask) COMPREPLY=($(compgen -W "ipid ts isn ports csum time" -- "$word")) ;;
	--record | --again) COMPREPLY=($(compgen -d -- "$word")) ;;
	*)
		case $used in
		*" --tap "* | *" --tun "* | *" --macvtap "* | *" --socket "*) options+=" --addr --mac --gw --plain" ;;
		esac
		case $word in
		-*) [ "$before" = -f ] || COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
		*)
			COMPREPLY=($(compgen -f -- "$word"))
			[ "$COMP_CWORD" != 1 ] || COMPREPLY+=($(compgen -W "attach replay diff" -- "$word"))
			;;
		esac
		;;
	esac
}

complete -o filenames -F _tapir tapir
