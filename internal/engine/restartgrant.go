package engine

import (
	"math"

	"github.com/daruma-sh/daruma/internal/definition"
)

// unlimitedRestarts stands for "no limit" in a restart grant: a program without backoff.
const unlimitedRestarts = 1 << 30

// restartGrant is the grant that fits the program's state: the immediate first restart while it has no failures behind it,
// or every restart where the definition asks for no backoff. maxRestarts bounds both.
func (s *Service) restartGrant(p *Program) RestartGrant {
	b := p.Def.Backoff
	o := RestartGrant{Within: b.ResetAfter}
	switch {
	case b.Initial <= 0:
		o.Count = unlimitedRestarts
	case p.Failures == 0:
		o.Count = 1
	}
	if m := p.Def.MaxRestarts; m != nil {
		p.prune(s.now)
		o.Count = min(o.Count, m.Count-len(p.History))
		o.Within = max(o.Within, m.Within)
	}
	if o.Count <= 0 {
		return RestartGrant{}
	}
	o.Codes, o.Signals = p.restartableExits()
	if len(o.Codes) == 0 && !o.Signals {
		return RestartGrant{}
	}
	return o
}

// maxExitCode covers Windows' 32-bit exit codes; Linux' end at 255.
const maxExitCode = math.MaxUint32

// restartableExits gives the exit codes that lead to a restart, as ranges in ascending order, and whether death by a signal
// does. It is [Program.restartDecision] in the form that the keeper understands.
func (p *Program) restartableExits() ([]Range, bool) {
	signals := p.Def.RestartPolicy != definition.Never
	var out []Range
	put := func(from, to int, decision definition.ExitAction) {
		if from > to || decision != definition.ExitRestart {
			return
		}
		if n := len(out); n > 0 && out[n-1].To == from-1 {
			out[n-1].To = to
			return
		}
		out = append(out, Range{from, to})
	}
	policy := func(code int) definition.ExitAction {
		v, _ := (&Program{Def: &definition.Program{RestartPolicy: p.Def.RestartPolicy}}).restartDecision(Exit{Code: code})
		return v
	}
	// The decision changes only where a rule begins or ends, and between 0 and 1.
	for from := 0; from <= maxExitCode; {
		to, decision := p.decisionRange(from, policy)
		put(from, to, decision)
		from = to + 1
	}
	return out, signals
}

// decisionRange gives the decision for the exit code from, and the last code up to which it stays the same.
func (p *Program) decisionRange(from int, policy func(int) definition.ExitAction) (int, definition.ExitAction) {
	to := maxExitCode
	if from == 0 {
		to = 0
	}
	for _, r := range p.Def.ExitCodes {
		if r.From <= from && from <= r.To {
			return min(r.To, to), r.Action
		}
		if r.From > from {
			to = min(to, r.From-1)
		}
	}
	return to, policy(from)
}
