package definition

import "strings"

// checkDependencies checks that every dependency exists and can be fulfilled, and that there is no cycle.
func (d *decoder) checkDependencies(s *Service, programs *node) {
	index := make(map[string]int, len(s.Programs))
	names := make([]string, len(s.Programs))
	for i := range s.Programs {
		index[s.Programs[i].Name] = i
		names[i] = s.Programs[i].Name
	}
	g := graph{decoder: d, service: s, programs: programs, index: index, state: make([]visit, len(names))}
	for i := range s.Programs {
		for _, dep := range s.Programs[i].DependsOn {
			g.dependency(i, dep, names)
		}
	}
	for i := range s.Programs {
		g.visit(i)
	}
}

// visit is how far the search for cycles is with a program.
type visit uint8

const (
	unseen visit = iota
	onPath
	done
)

type graph struct {
	*decoder
	service  *Service
	programs *node
	index    map[string]int
	state    []visit
	trail    []int // from the program where the search began to the current one
}

// failEntry adds a problem of one entry of a program's dependsOn.
func (g *graph) failEntry(program int, dependency, format string, args ...any) {
	p := &g.programs.entries[program]
	dep := p.value.get("dependsOn").value.get(dependency)
	g.failAt("programs."+p.key+".dependsOn."+dependency, dep.pos, format, args...)
}

func (g *graph) dependency(i int, dep Dependency, names []string) {
	j, ok := g.index[dep.Program]
	switch {
	case !ok:
		remedy := ""
		if near := ""; len(g.errs) < maxErrors {
			if near = nearest(dep.Program, names); near != "" {
				remedy = ": did you mean " + near + "?"
			}
		}
		g.failEntry(i, dep.Program, "there is no program %s%s", quote(dep.Program), remedy)
	case dep.Condition == Completed && !completes(&g.service.Programs[j]):
		g.failEntry(i, dep.Program, "%s never completes, because it is restarted after exit code 0: give it restartPolicy: OnFailure, or exitCodes: {0: stop}", dep.Program)
	}
}

// completes reports whether exit code 0 ends a program for good and well.
func completes(p *Program) bool {
	for _, r := range p.ExitCodes {
		if r.From <= 0 && 0 <= r.To {
			return r.Action == ExitStop
		}
	}
	return p.RestartPolicy != Always
}

// visit searches for a cycle through program i. There are at most maxPrograms programs, so the recursion is no deeper.
func (g *graph) visit(i int) {
	switch g.state[i] {
	case done:
		return
	case onPath:
		g.cycle(i)
		return
	}
	g.state[i] = onPath
	g.trail = append(g.trail, i)
	for _, dep := range g.service.Programs[i].DependsOn {
		if j, ok := g.index[dep.Program]; ok {
			g.visit(j)
		}
	}
	g.trail = g.trail[:len(g.trail)-1]
	g.state[i] = done
}

func (g *graph) cycle(first int) {
	at := len(g.trail) - 1
	for g.trail[at] != first {
		at--
	}
	var names []string
	for _, i := range g.trail[at:] {
		names = append(names, g.service.Programs[i].Name)
	}
	last := g.trail[len(g.trail)-1]
	name := g.service.Programs[first].Name
	if len(names) > 20 {
		names = append(names[:20:20], "…")
	}
	g.failEntry(last, name, "the dependencies go in a circle: %s → %s", strings.Join(names, " → "), name)
}
