package definition

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

func (d *decoder) lifecycleFields(p *Program) []field {
	return []field{
		{"postStart", func(n *node) { p.PostStart = d.hook(n) }},
		{"preStop", func(n *node) { p.PreStop = d.hook(n) }},
		{"onResume", func(n *node) { p.OnResume = d.hook(n) }},
		{"onControl", func(n *node) { p.OnControl = d.onControl(n) }},
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

// The control codes that are free for a service. Source: learn.microsoft.com, ControlService, dwControl.
const (
	FirstControl = 128
	LastControl  = 255
)

// onControl is a map of control codes to hooks, sorted by code.
func (d *decoder) onControl(n *node) []ControlHook {
	if !d.isMap(n) {
		return nil
	}
	var hooks []ControlHook
	for i := range n.entries {
		e := &n.entries[i]
		d.in(e.key, e.pos, func() {
			code, err := strconv.Atoi(e.key)
			if err != nil || code < FirstControl || code > LastControl || strconv.Itoa(code) != e.key {
				d.fail(e.pos, "must be a control code from %d to %d: Windows keeps the others to itself", FirstControl, LastControl)
				return
			}
			if h := d.hook(e.value); h != nil {
				hooks = append(hooks, ControlHook{code, *h})
			}
		})
	}
	slices.SortFunc(hooks, func(a, b ControlHook) int { return cmp.Compare(a.Code, b.Code) })
	return hooks
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
