package definition

import "strings"

func (d *decoder) lifecycleFields(p *Program) []field {
	return []field{
		{"postStart", func(n *node) { p.PostStart = d.hook(n) }},
		{"preStop", func(n *node) { p.PreStop = d.hook(n) }},
		{"stopSignal", func(n *node) { p.StopSignal = d.signal(n) }},
	}
}

func (d *decoder) hook(n *node) *Handler {
	h := &Handler{}
	if d.object(n, d.handlerFields(h)) {
		d.oneHandler(n, "exec", "httpGet", "tcpSocket")
	}
	return h
}

// signals are what stopSignal may be: Linux' (signal(7)) without those that stop or continue a process, which would
// never end it, and Windows' three ways. All are accepted everywhere, because one definition may serve both systems.
func signals() []string {
	return strings.Fields(`SIGTERM SIGINT SIGQUIT SIGHUP SIGKILL SIGUSR1 SIGUSR2 SIGABRT SIGALRM SIGVTALRM SIGPROF SIGPIPE
		SIGPOLL SIGIO SIGPWR SIGWINCH SIGTRAP SIGBUS SIGFPE SIGILL SIGSEGV SIGSYS SIGXCPU SIGXFSZ SIGSTKFLT SIGURG SIGCHLD
		CTRL_C CTRL_BREAK WM_CLOSE`)
}

func (d *decoder) signal(n *node) string {
	known := signals()
	if n.isText() {
		switch text := strings.ToUpper(n.text); text {
		case "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT":
			d.fail(n.pos, "must be a signal that ends a program, such as SIGTERM; %s doesn't", text)
			return ""
		default:
			for _, s := range known {
				if s != n.text && (s == text || s == "SIG"+text) {
					d.fail(n.pos, "unknown signal %s: did you mean %s?", quote(n.text), s)
					return ""
				}
			}
		}
	}
	return d.enum(n, known...)
}
