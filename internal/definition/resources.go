package definition

import (
	"math"
	"strconv"
	"strings"
)

func (d *decoder) resourcesFields(p *Program) []field {
	return []field{
		{"limits", func(n *node) { d.object(n, d.limitsFields(&p.Limits)) }},
		{"affinity", func(n *node) { p.Limits.Affinity = d.affinity(n) }},
		{"rlimits", func(n *node) { p.Rlimits = d.rlimits(n) }},
	}
}

func (d *decoder) limitsFields(l *Limits) []field {
	return []field{
		{"memory", func(n *node) {
			v, ok := d.size(n)
			if ok && v < 1 {
				d.fail(n.pos, "must be greater than 0; for no limit leave it out")
			}
			l.Memory = v
		}},
		{"cpu", func(n *node) {
			const wanted = `a quantity of processors such as 0.5, "1.5" or 500m`
			v, ok := d.milli(n, wanted)
			switch {
			case ok && v < 1:
				d.fail(n.pos, "must be greater than 0; for no limit leave it out")
			case ok && v > 1_000_000_000:
				d.fail(n.pos, "must be at most 1000000 processors, is %s", clip(n.text))
			}
			l.MilliCPU = v
		}},
		{"processes", func(n *node) {
			v, _ := d.integer(n, 1, 65535)
			l.Processes = int(v)
		}},
	}
}

// affinity is a list of processors' numbers.
func (d *decoder) affinity(n *node) (mask uint64) {
	if n.kind == listNode && len(n.items) == 0 {
		d.fail(n.pos, "names no processor: for all of them leave it out")
	}
	d.list(n, func(n *node) {
		if v, ok := d.integer(n, 0, 63); ok {
			mask |= 1 << v
		}
	})
	return mask
}

// rlimitNames are setrlimit(2)'s, in lower case and without RLIMIT_.
func rlimitNames() []string {
	return strings.Fields("as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack")
}

func (d *decoder) rlimits(n *node) []Rlimit {
	if !d.isMap(n) {
		return nil
	}
	var limits []Rlimit
	fields := make([]field, 0, 16)
	for _, name := range rlimitNames() {
		fields = append(fields, field{name, func(n *node) {
			if l, ok := d.rlimit(n, name); ok {
				limits = append(limits, l)
			}
		}})
	}
	d.object(n, fields)
	return limits
}

// rlimit is a number (both bounds), unlimited, or {soft, hard}.
func (d *decoder) rlimit(n *node, name string) (Rlimit, bool) {
	if n.kind != mapNode {
		v, ok := d.rlimitValue(n)
		return Rlimit{Name: name, Soft: v, Hard: v}, ok
	}
	before := len(d.errs) + d.dropped
	l := Rlimit{Name: name}
	d.object(n, d.rlimitFields(&l))
	d.require(n, "soft", "hard")
	if len(d.errs)+d.dropped > before {
		return l, false
	}
	if l.Soft > l.Hard {
		d.fail(n.get("soft").value.pos, "soft must not be greater than hard")
		return l, false
	}
	return l, true
}

func (d *decoder) rlimitFields(l *Rlimit) []field {
	return []field{
		{"soft", func(n *node) { l.Soft, _ = d.rlimitValue(n) }},
		{"hard", func(n *node) { l.Hard, _ = d.rlimitValue(n) }},
	}
}

func (d *decoder) rlimitValue(n *node) (uint64, bool) {
	if n.isText() && n.text == "unlimited" {
		return Unlimited, true
	}
	const wanted = "a whole number, a quantity such as 64Mi, or unlimited"
	if n.kind == plainNode && classify(n.text) == integerText {
		v, ok := d.integer(n, 0, math.MaxInt64)
		return uint64(v), ok
	}
	v, ok := d.milli(n, wanted)
	if ok && v%1000 != 0 {
		d.fail(n.pos, "must be %s, is %s", wanted, quote(n.text))
		return 0, false
	}
	return uint64(v / 1000), ok
}

// umask is an octal number in quotes: YAML 1.1 and 1.2 disagree on what a bare 0027 is.
func (d *decoder) umask(n *node) *uint32 {
	if n.kind == plainNode {
		d.fail(n.pos, `must be an octal number in quotes, such as "0027", is %s`, clip(n.text))
		return nil
	}
	text := d.str(n)
	if text == "" {
		return nil
	}
	v, err := strconv.ParseUint(text, 8, 32)
	if err != nil || v > 0o777 || len(text) > 4 {
		d.fail(n.pos, `must be an octal number from "0000" to "0777", is %s`, quote(text))
		return nil
	}
	umask := uint32(v)
	return &umask
}
