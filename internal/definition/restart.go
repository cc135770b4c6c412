package definition

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

func defaultBackoff() Backoff {
	return Backoff{Initial: 500 * time.Millisecond, Factor: 2, Max: time.Minute, Jitter: 0.25, ResetAfter: time.Minute}
}

func (d *decoder) backoffFields(b *Backoff) []field {
	return []field{
		{"initialSeconds", func(n *node) { d.setSeconds(n, &b.Initial, false) }},
		{"factor", func(n *node) {
			if v, ok := d.number(n); ok && (v < 1 || v > 1000) {
				d.fail(n.pos, "must be 1 to 1000, is %s", clip(n.text))
			} else if ok {
				b.Factor = v
			}
		}},
		{"maxSeconds", func(n *node) { d.setSeconds(n, &b.Max, false) }},
		{"jitter", func(n *node) {
			if v, ok := d.number(n); ok && (v < 0 || v > 1) {
				d.fail(n.pos, "must be 0 to 1, is %s", clip(n.text))
			} else if ok {
				b.Jitter = v
			}
		}},
		{"resetAfterSeconds", func(n *node) { d.setSeconds(n, &b.ResetAfter, true) }},
	}
}

// setSeconds sets a duration, and leaves the default where n is wrong, so that no second error comes of it.
func (d *decoder) setSeconds(n *node, to *time.Duration, positive bool) {
	if v, ok := d.seconds(n, positive); ok {
		*to = v
	}
}

// maxExitCode is Windows' highest; on Linux a process has 0 to 255.
const maxExitCode = math.MaxUint32

// exitCodes is a map of codes or ranges "a-b" to actions; rules that overlap are refused, so that their order
// doesn't matter.
func (d *decoder) exitCodes(n *node) []ExitRule {
	if !d.isMap(n) {
		return nil
	}
	type rule struct {
		ExitRule
		entry *entry
	}
	var rules []rule
	for i := range n.entries {
		e := &n.entries[i]
		d.in(e.key, e.pos, func() {
			from, to, ok := exitRange(e.key)
			action := d.enum(e.value, string(ExitStop), string(ExitRestart), string(ExitGiveUp))
			if bits, negative := negativeCode(e.key); negative && !ok {
				d.fail(e.pos, "must be %d (0x%08X): so Windows has the exit code %s; on Linux a program that ends with %s has the exit code %d",
					bits, bits, e.key, e.key, bits&0xff)
				return
			}
			if !ok {
				d.fail(e.pos, "must be an exit code or a range of them such as 64-78, each 0 to %d", maxExitCode)
				return
			}
			rules = append(rules, rule{ExitRule{From: from, To: to, Action: ExitAction(action)}, e})
		})
	}
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(a.From, b.From) })
	sorted := make([]ExitRule, len(rules))
	for i, r := range rules {
		sorted[i] = r.ExitRule
		if i > 0 && r.From <= rules[i-1].To {
			d.in(r.entry.key, r.entry.pos, func() {
				d.fail(r.entry.pos, "overlaps with %s: an exit code may have one rule only", rules[i-1].entry.key)
			})
		}
	}
	return sorted
}

// exitRange reads "3" or "64-78".
func exitRange(s string) (from, to int, ok bool) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	a, okA := exitCode(strings.TrimSpace(first))
	b, okB := exitCode(strings.TrimSpace(last))
	return a, b, okA && okB && a <= b
}

// negativeCode gives the 32 bits that a negative code is for Windows.
func negativeCode(s string) (bits uint32, ok bool) {
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	return uint32(int32(v)), err == nil && v < 0
}

// exitCode reads a code in decimal, or in hexadecimal as Windows' are known (0xC0000005).
func exitCode(s string) (int, bool) {
	if classify(s) != integerText || s[0] == '+' || s[0] == '-' {
		return 0, false
	}
	v, err := parseInteger(s)
	return int(v), err == nil && v <= maxExitCode
}

func (d *decoder) maxRestarts(n *node) *MaxRestarts {
	m := &MaxRestarts{Then: GiveUp}
	if d.object(n, d.maxRestartsFields(m)) {
		d.require(n, "count", "withinSeconds")
	}
	return m
}

func (d *decoder) maxRestartsFields(m *MaxRestarts) []field {
	return []field{
		{"count", func(n *node) {
			v, _ := d.integer(n, 1, 1_000_000)
			m.Count = int(v)
		}},
		{"withinSeconds", func(n *node) { d.setSeconds(n, &m.Within, true) }},
		{"then", func(n *node) { m.Then = GiveUpAction(d.enum(n, string(GiveUp), string(Escalate))) }},
	}
}
