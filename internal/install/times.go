package install

import (
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/hosting"
)

// stopMargin is what a stop takes beyond the grace periods: ending trees by force, the last output, the supervisor's own end.
const stopMargin = 10 * time.Second

// Times are what the service manager must know of the definition, which the host doesn't read. Both are more than 0.
type Times struct {
	Start time.Duration // until the service is reported running, up or not
	Stop  time.Duration // from the request until nothing is left of the programs
}

func timesOf(def *definition.Service) Times {
	t := Times{Start: hosting.StartTimeout, Stop: stopMargin}
	t.Stop += longestChain(def, func(p *definition.Program) time.Duration { return p.TerminationGracePeriod })
	if def.ReportRunning == definition.Ready {
		t.Start = max(t.Start, longestChain(def, untilReady)+hosting.StartMargin)
	}
	return t
}

// longestChain is the heaviest way through the programs' dependencies: they stop one after the other along it, dependents first,
// and start in the other direction. Programs that don't depend on each other take their time at once.
func longestChain(def *definition.Service, weight func(*definition.Program) time.Duration) time.Duration {
	known := map[string]time.Duration{}
	var chain func(p *definition.Program) time.Duration
	chain = func(p *definition.Program) time.Duration {
		if d, ok := known[p.Name]; ok {
			return d
		}
		longest := time.Duration(0)
		for _, dep := range p.DependsOn {
			longest = max(longest, chain(def.Program(dep.Program)))
		}
		known[p.Name] = longest + weight(p)
		return known[p.Name]
	}
	longest := time.Duration(0)
	for i := range def.Programs {
		longest = max(longest, chain(&def.Programs[i]))
	}
	return longest
}

// untilReady is how long a program may take to get ready before a probe gives up on it.
func untilReady(p *definition.Program) time.Duration {
	total := time.Duration(0)
	if s := p.StartupProbe; s != nil {
		total += s.InitialDelay + time.Duration(s.FailureThreshold)*(s.Period+s.Timeout)
	}
	if r := p.ReadinessProbe; r != nil {
		total += r.InitialDelay + time.Duration(r.SuccessThreshold)*(r.Period+r.Timeout)
	}
	return total
}
