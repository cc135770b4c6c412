package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
)

const states = int(Completed) + 1

var kindNames = [kinds]string{"start", "stop", "restart", "pause", "resume", "spawned", "spawnFailed", "exited",
	"postStart", "preStop", "unasked", "startup", "liveness", "readiness", "timer", "reset"}

// cells says for every event (in the order of the states) which state follows and which effects, in order.
// "-" is a cell without meaning: nothing may happen at all.
func cells() map[kind][]string {
	const (
		spawn   = "spawning: PublishEvent Spawn"
		refused = ": Refuse"
		fell    = "spawning: StopProbes PublishEvent OpenIncident RecordAction PublishEvent Spawn"
		sick    = "stopping: PublishEvent OpenIncident RecordAction SetRestartGrant StopProbes PublishEvent RunHook SetTimer"
		ask     = "stopping: SetRestartGrant StopProbes PublishEvent RunHook SetTimer"
	)
	return map[kind][]string{
		//        Stopped, Waiting, Spawning, Starting, Running, Stopping, Backoff, Failed, Completed
		onStart: {"spawning: RecordWanted PublishEvent Spawn", "-", "-", "-", "-", "stopping: RecordWanted PublishEvent", spawn, spawn, spawn},
		onStop: {"-", "stopped: RecordWanted PublishEvent", "stopping: RecordWanted SetRestartGrant StopProbes PublishEvent Signal SetTimer",
			"stopping: RecordWanted SetRestartGrant StopProbes PublishEvent RunHook SetTimer", "stopping: RecordWanted SetRestartGrant StopProbes PublishEvent RunHook SetTimer",
			"stopping: PublishEvent", "stopped: RecordWanted PublishEvent CloseIncident", "stopped: RecordWanted PublishEvent", "stopped: RecordWanted PublishEvent"},
		onRestart: {"spawning: RecordWanted PublishEvent Spawn", "waiting: PublishEvent", "stopping: SetRestartGrant StopProbes PublishEvent Signal SetTimer", ask, ask,
			"stopping: RecordWanted PublishEvent", spawn, spawn, spawn},
		onPause:   {refused, refused, refused, "starting: Freeze PublishEvent", "running: Freeze PublishEvent", refused, refused, refused, refused},
		onResume:  {refused, refused, "-", "starting: Freeze PublishEvent", "running: Freeze PublishEvent SetTimer", "-", refused, refused, refused},
		onSpawned: {"-", "-", "starting: PublishEvent RunHook", "-", "-", "stopping:", "-", "-", "-"},
		onSpawnFailed: {"-", "-", "spawning: StopProbes PublishEvent OpenIncident RecordAction PublishEvent Spawn", fell, "backoff: StopProbes PublishEvent OpenIncident PublishEvent SetTimer",
			"stopped: StopProbes PublishEvent PublishEvent", "-", "-", "-"},
		onExited:    {"-", "-", fell, fell, "backoff: StopProbes PublishEvent OpenIncident PublishEvent SetTimer", "stopped: StopProbes PublishEvent PublishEvent", "-", "-", "-"},
		onPostStart: {"-", "-", "-", "starting: PublishEvent StartProbes", "-", "-", "-", "-", "-"},
		onPreStop:   {"-", "-", "-", "-", "-", "stopping: Signal SetTimer", "-", "-", "-"},
		onUnasked:   {"-", "-", "-", "-", "-", "stopping: PublishEvent", "-", "-", "-"},
		onStartup:   {"-", "-", "-", "running: PublishEvent StartProbes", "-", "-", "-", "-", "-"},
		onLiveness:  {"-", "-", "-", "-", sick, "-", "-", "-", "-"},
		onReadiness: {"-", "-", "-", "-", "running: PublishEvent", "stopping: PublishEvent", "-", "-", "-"},
		onTimer:     {"-", "-", "-", "-", "-", "stopping: PublishEvent Signal SetTimer", "spawning: RecordAction PublishEvent Spawn", "-", "-"},
		onReset:     {"-", "-", "-", "-", "running: SetRestartGrant", "-", "-", "-", "-"},
	}
}

// TestTable walks every cell of the table.
func TestTable(t *testing.T) {
	want := cells()
	covered := map[[2]int]bool{}
	for k := range kinds {
		for state := range State(states) {
			t.Run(fmt.Sprintf("%s/%s%d", kindNames[k], state, state), func(t *testing.T) {
				row := want[k]
				if len(row) != states {
					t.Fatalf("the row of %s has %d cells, the table %d", kindNames[k], len(row), states)
				}
				covered[[2]int{int(k), int(state)}] = true
				testCell(t, k, state, row[state])
			})
		}
	}
	for k := range kinds {
		for state := range states {
			if !covered[[2]int{int(k), state}] {
				t.Errorf("the cell %s × %s (%d) was not exercised", kindNames[k], State(state), state)
			}
		}
	}
	if n := len(covered); n != int(kinds)*states || n != len(transitions())*len(transitions()[0]) {
		t.Errorf("%d cells were exercised, the table has %d", n, len(transitions())*len(transitions()[0]))
	}
}

func testCell(t *testing.T, k kind, state State, want string) {
	d := inState(t, k, state)
	d.want("p", state)
	before := picture(t, d.s)
	out := d.step(eventOf(d, k))
	p := d.s.Program("p")
	if want == "-" {
		if len(out) > 0 || picture(t, d.s) != before {
			t.Errorf("nothing may happen here; effects %s\nbefore %s\nafter  %s", show(out), before, picture(t, d.s))
		}
		if d.s.table[k][state] != nil {
			t.Error("the table has an action where the test knows of none")
		}
		return
	}
	if d.s.table[k][state] == nil {
		t.Error("the table has no action where the test knows one")
	}
	next, effects, _ := strings.Cut(want, ":")
	if next == "" {
		next = label(state)
	}
	if got := label(p.State); got != next {
		t.Errorf("the next state is %s, not %s", got, next)
	}
	if got := types(out); got != strings.TrimSpace(effects) {
		t.Errorf("effects: %s\n   want: %s", got, strings.TrimSpace(effects))
	}
}

// label tells Spawning from Starting, which people see under one name.
func label(s State) string {
	if s == Spawning {
		return "spawning"
	}
	return s.String()
}

func types(effects []Effect) string {
	var names []string
	for _, e := range effects {
		names = append(names, strings.TrimPrefix(fmt.Sprintf("%T", e), "engine."))
	}
	return strings.Join(names, " ")
}

// picture is everything that Step may change.
func picture(t *testing.T, s *Service) string {
	t.Helper()
	data, err := json.Marshal(s.programs)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s phase %d", data, s.phase)
}

// full has everything that a program can have: hooks, probes and a dependency.
func full(p *definition.Program) {
	p.PostStart, p.PreStop = &definition.Handler{}, &definition.Handler{}
	p.StartupProbe, p.LivenessProbe, p.ReadinessProbe = &definition.Probe{}, &definition.Probe{}, &definition.Probe{}
	p.DependsOn = []definition.Dependency{{Program: "base", Condition: definition.Started}}
}

// inState brings a program into a state, by nothing but events, so that event k has its meaning there if it has one.
func inState(t *testing.T, k kind, state State) *harness {
	d := newHarness(t, prog("base"), prog("p", full, func(p *definition.Program) {
		p.ExitCodes = []definition.ExitRule{{From: 0, To: 0, Action: definition.ExitStop}, {From: 9, To: 9, Action: definition.ExitGiveUp}}
	}))
	d.now = time.Hour
	if state != Waiting {
		d.run("base")
	}
	if state == Stopped {
		return d
	}
	d.start("p")
	switch state {
	case Starting:
		d.spawned("p")
		if k == onStartup || k == onResume || k == onPause {
			d.step(HookDone{Program: "p", Generation: d.gen("p")})
		}
	case Running:
		standUp(d)
		d.exit("p", 1) // an earlier failure, restarted at once
		standUp(d)
	case Stopping:
		standUp(d)
		d.stop("p")
		if k == onUnasked {
			hookEnds(d, "")
		}
	case Backoff:
		d.exit("p", 1)
		d.exit("p", 1)
	case Failed:
		d.exit("p", 9)
	case Completed:
		d.exit("p", 0)
	}
	if k == onResume && (state == Starting || state == Running) {
		d.step(Request{Verb: Pause, Program: "p"})
	}
	return d
}

// standUp takes a spawning program through hooks and probes until it is up and ready.
func standUp(d *harness) {
	d.t.Helper()
	gen := d.gen("p")
	d.spawned("p")
	d.step(HookDone{Program: "p", Generation: gen})
	d.step(Probed{Program: "p", Generation: gen, Kind: StartupProbe, OK: true})
	d.step(Probed{Program: "p", Generation: gen, Kind: ReadinessProbe, OK: true, Reason: "ready"})
	d.want("p", Running)
}

// eventOf makes the event that leads to a column of the table, for the run of now.
func eventOf(d *harness, k kind) Event {
	p := d.s.Program("p")
	gen := p.Generation
	switch k {
	case onSpawned:
		return Spawned{Program: "p", Generation: gen, PID: 7, At: d.now}
	case onSpawnFailed:
		return SpawnFailed{Program: "p", Generation: gen, Error: "no such file"}
	case onExited:
		return Exited{Program: "p", Generation: gen, Exit: Exit{Generation: gen, Code: 1, At: d.now}}
	case onPostStart, onPreStop:
		return HookDone{Program: "p", Generation: gen, PreStop: k == onPreStop}
	case onUnasked:
		return Unasked{Program: "p", Generation: gen}
	case onStartup:
		return Probed{Program: "p", Generation: gen, Kind: StartupProbe, OK: true, Reason: "it answers"}
	case onLiveness:
		return Probed{Program: "p", Generation: gen, Kind: LivenessProbe, Reason: "it hangs"}
	case onReadiness:
		return Probed{Program: "p", Generation: gen, Kind: ReadinessProbe, Reason: "it is busy"}
	case onTimer:
		return TimerFired{Program: "p", Serial: p.Serial}
	case onReset:
		return TimerFired{Program: "p", Serial: p.ResetSer, Reset: true}
	}
	return Request{Verb: Verb(k - onStart), Program: "p"}
}
