package definition

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// probeKind tells the three probes apart.
type probeKind uint8

const (
	startupProbe probeKind = iota
	livenessProbe
	readinessProbe
)

// probe decodes one of the three probes; only a readiness probe may need several successes in a row.
func (d *decoder) probe(n *node, kind probeKind) *Probe {
	p := &Probe{Period: 10 * time.Second, Timeout: time.Second, SuccessThreshold: 1, FailureThreshold: 3}
	if d.object(n, d.probeFields(p, kind == readinessProbe)) {
		d.oneHandler(n, "exec", "httpGet", "tcpSocket", "grpc", "notify")
	}
	if p.Handler.Notify != nil {
		d.notifyProbe(p, n, kind)
	}
	return p
}

// minNotifyPeriod is the shortest period with notify: a channel is read some hundred times a second at most.
const minNotifyPeriod = 100 * time.Millisecond

// notifyProbe refuses what has no meaning where nothing is asked. One missed heartbeat is a failure by default: two are due in a
// period.
func (d *decoder) notifyProbe(p *Probe, n *node, kind probeKind) {
	meaningless := []string{"timeoutSeconds", "successThreshold"}
	if kind == readinessProbe {
		meaningless = append(meaningless, "initialDelaySeconds", "periodSeconds", "failureThreshold")
	}
	for _, key := range meaningless {
		if e := n.get(key); e != nil {
			d.failAt(string(d.path)+"."+key, e.value.pos, "has no meaning with notify, which asks nothing: the program itself says how it is; remove it")
		}
	}
	if kind == livenessProbe && n.get("failureThreshold") == nil {
		p.FailureThreshold = 1
	}
	if e := n.get("periodSeconds"); e != nil && kind != readinessProbe && p.Period > 0 && p.Period < minNotifyPeriod {
		d.failAt(string(d.path)+".periodSeconds", e.value.pos, "must be at least %v with notify, is %v", minNotifyPeriod.Seconds(), p.Period.Seconds())
	}
}

func (d *decoder) probeFields(p *Probe, readiness bool) []field {
	return append(d.handlerFields(&p.Handler),
		field{"grpc", func(n *node) {
			p.Handler.GRPC = &GRPCAction{Host: "127.0.0.1"}
			if d.object(n, d.grpcFields(p.Handler.GRPC)) {
				d.require(n, "port")
			}
		}},
		field{"notify", func(n *node) {
			p.Handler.Notify = &NotifyAction{}
			if d.isMap(n) && len(n.entries) > 0 {
				e := n.entries[0]
				d.failAt(string(d.path)+"."+e.key, e.pos, "notify has no fields: write notify: {}")
			}
		}},
		field{"initialDelaySeconds", func(n *node) { d.setSeconds(n, &p.InitialDelay, false) }},
		field{"periodSeconds", func(n *node) { d.setSeconds(n, &p.Period, true) }},
		field{"timeoutSeconds", func(n *node) { d.setSeconds(n, &p.Timeout, true) }},
		field{"successThreshold", func(n *node) {
			v, ok := d.integer(n, 1, maxThreshold)
			if ok && v != 1 && !readiness {
				d.fail(n.pos, "must be 1 for liveness and startup probes, is %d", v)
			} else if ok {
				p.SuccessThreshold = int(v)
			}
		}},
		field{"failureThreshold", func(n *node) {
			if v, ok := d.integer(n, 1, maxThreshold); ok {
				p.FailureThreshold = int(v)
			}
		}},
	)
}

const maxThreshold = 1_000_000

// oneHandler adds a problem where a probe or hook hasn't exactly one action.
func (d *decoder) oneHandler(n *node, actions ...string) {
	var found []string
	for _, e := range n.entries {
		if slices.Contains(actions, e.key) {
			found = append(found, e.key)
		}
	}
	switch len(found) {
	case 0:
		d.fail(n.pos, "needs an action: one of %s", strings.Join(actions, ", "))
	case 1:
	default:
		d.fail(n.pos, "must have one action only, has %s", strings.Join(found, ", "))
	}
}

// handlerFields are the actions that probes and hooks have in common.
func (d *decoder) handlerFields(h *Handler) []field {
	return []field{
		{"exec", func(n *node) {
			h.Exec = &ExecAction{}
			if d.object(n, d.execFields(h.Exec)) {
				d.require(n, "command")
			}
		}},
		{"httpGet", func(n *node) {
			h.HTTPGet = &HTTPGetAction{Scheme: "HTTP", Host: "127.0.0.1", Path: "/"}
			if d.object(n, d.httpFields(h.HTTPGet)) {
				d.require(n, "port")
			}
		}},
		{"tcpSocket", func(n *node) {
			h.TCPSocket = &TCPSocketAction{Host: "127.0.0.1"}
			if d.object(n, d.tcpFields(h.TCPSocket)) {
				d.require(n, "port")
			}
		}},
	}
}

func (d *decoder) execFields(a *ExecAction) []field {
	return []field{{"command", func(n *node) {
		a.Command = d.command(n)
		for i := range a.Command {
			a.Words = append(a.Words, n.items[i].text)
		}
	}}}
}

func (d *decoder) tcpFields(a *TCPSocketAction) []field {
	return []field{
		{"host", func(n *node) { a.Host = d.host(n) }},
		{"port", func(n *node) { a.Port = d.port(n) }},
	}
}

func (d *decoder) grpcFields(a *GRPCAction) []field {
	return []field{
		{"host", func(n *node) { a.Host = d.host(n) }},
		{"port", func(n *node) { a.Port = d.port(n) }},
		{"service", func(n *node) { a.Service = d.anyStr(n) }},
	}
}

func (d *decoder) httpFields(a *HTTPGetAction) []field {
	return []field{
		{"scheme", func(n *node) { a.Scheme = d.enum(n, "HTTP", "HTTPS") }},
		{"host", func(n *node) { a.Host = d.host(n) }},
		{"port", func(n *node) { a.Port = d.port(n) }},
		{"path", func(n *node) { a.Path = d.urlPath(n) }},
		{"httpHeaders", func(n *node) {
			d.list(n, func(n *node) {
				var h HTTPHeader
				if d.object(n, d.headerFields(&h)) {
					d.require(n, "name", "value")
				}
				a.Headers = append(a.Headers, h)
			})
		}},
	}
}

func (d *decoder) headerFields(h *HTTPHeader) []field {
	return []field{
		{"name", func(n *node) {
			h.Name = d.str(n)
			if h.Name != "" && !isToken(h.Name) {
				d.fail(n.pos, "isn't the name of an HTTP header: %s", quote(h.Name))
			}
		}},
		{"value", func(n *node) {
			h.Value = d.anyStr(n)
			if strings.ContainsAny(h.Value, "\r\n") {
				d.fail(n.pos, "must be one line")
			}
		}},
	}
}

// isToken: RFC 9110, section 5.6.2.
func isToken(s string) bool {
	return only(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// urlPath is the path of a request, with a query where one is wanted.
func (d *decoder) urlPath(n *node) string {
	path := d.str(n)
	switch {
	case path == "":
		return "/"
	case strings.Contains(path, "://"):
		d.fail(n.pos, "must be a path such as /health; scheme, host and port have fields of their own")
	case path[0] != '/':
		d.fail(n.pos, "must begin with /, is %s", quote(path))
	case strings.ContainsAny(path, " \t\r\n"):
		d.fail(n.pos, "must not contain spaces: write %%20")
	}
	return path
}

func (d *decoder) host(n *node) string {
	host := d.str(n)
	switch {
	case strings.Contains(host, "://") || strings.ContainsAny(host, "/ \t\r\n"):
		d.fail(n.pos, "must be a host name or an IP address, is %s", quote(host))
	case strings.Count(host, ":") == 1:
		d.fail(n.pos, "must be a host without a port, is %s: the port has a field of its own", quote(host))
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// port gives the port number of n: a number, or a text with variables that expands to one. So a program's command line and its
// probe can take the port from the same variable.
func (d *decoder) port(n *node) int {
	if n.isText() && strings.Contains(n.text, "${") {
		return d.expandedPort(n)
	}
	if n.isText() && n.text != "" && !strings.ContainsAny(n.text, "$0123456789") {
		d.fail(n.pos, "must be a number from 1 to 65535, is %s: ports have no names here", n.describe())
		return 0
	}
	v, _ := d.integer(n, 1, 65535)
	return int(v)
}

func (d *decoder) expandedPort(n *node) int {
	before := len(d.errs)
	text := d.expand(n, n.text)
	if len(d.errs) > before {
		return 0
	}
	v, err := strconv.ParseUint(text, 10, 16)
	if err != nil || v == 0 {
		// What is in a variable may be a secret that went astray: it isn't shown.
		d.fail(n.pos, "must be a number from 1 to 65535, and what the variables in %s hold makes it something else", quote(n.text))
		return 0
	}
	return int(v)
}
