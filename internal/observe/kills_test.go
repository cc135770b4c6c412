package observe

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
)

// world is a service whose processes are killed again and again.
type world struct {
	rng *rand.Rand
	now control.ProgramStatus
	st  control.Status
}

// passes lets the service do something.
func (w *world) passes() {
	some := func() int64 { return w.rng.Int64N(3) * w.rng.Int64N(1000) }
	w.now.Restarts++
	w.now.RestartsBy = map[string]int{"exit": w.now.Restarts}
	w.now.LogBytes += some()
	w.now.LogLost += some()
	w.now.CPUSeconds += float64(some()) / 1000
	w.now.Probes[0].Probes += uint64(some())
	w.now.Probes[0].Failed += uint64(some())
}

func (w *world) killSupervisor() {
	w.st.SupervisorRestarts++
	w.now.LogBytes, w.now.LogLost, w.now.Probes = 0, 0, []control.ProbeStatus{{Kind: "liveness"}}
}

func (w *world) killKeeper() {
	w.st = control.Status{}
	w.now = control.ProgramStatus{Name: "api", PID: 1, Generation: w.now.Generation + 1, Probes: []control.ProbeStatus{{Kind: "liveness"}}}
}

func (w *world) status(context.Context) (control.Status, error) {
	st, p := w.st, w.now
	p.Probes = append([]control.ProbeStatus(nil), p.Probes...)
	st.Programs = []control.ProgramStatus{p}
	return st, nil
}

// Supervisor, keeper and observer are killed 300 times (DARUMA_OBSERVER_KILLS) in any order, several between two scrapes too, and no counter ever decreases.
func TestCountersOverKills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{rng: rand.New(rand.NewPCG(1, 2))}
		w.killKeeper()
		folder := filepath.Join(t.TempDir(), "own")
		begin := func() *Observer {
			return newObserver(folder, func(err error) { t.Error(err) }, names("shop"), func(string) (client, error) { return answering{status: w.status}, nil })
		}
		o := begin()
		before := map[string]float64{}
		kills, most := 0, 300
		if n, err := strconv.Atoi(os.Getenv("DARUMA_OBSERVER_KILLS")); err == nil {
			most = n
		}
		for ; kills < most; kills++ {
			w.passes()
			switch w.rng.IntN(3) {
			case 0:
				w.killSupervisor()
			case 1:
				w.killKeeper()
			case 2:
				o = begin()
			}
			if w.rng.IntN(2) == 0 {
				w.passes()
			}
			if w.rng.IntN(4) == 0 {
				continue
			}
			time.Sleep(freshFor)
			seen, err := o.Look(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p := seen[0].Status.Programs[0]
			for name, v := range map[string]float64{
				"supervisors": float64(seen[0].Status.SupervisorRestarts), "restarts": float64(p.Restarts), "by exit": float64(p.RestartsBy["exit"]),
				"logged": float64(p.LogBytes), "lost": float64(p.LogLost), "cpu": p.CPUSeconds,
				"probes": float64(p.Probes[0].Probes), "failed": float64(p.Probes[0].Failed),
			} {
				if v < before[name] {
					t.Fatalf("after %d kills %s went from %v to %v", kills+1, name, before[name], v)
				}
				before[name] = v
			}
		}
		if before["restarts"] < float64(most)/2 || before["cpu"] == 0 {
			t.Errorf("%v: little was counted", before)
		}
	})
}

// A process of a run that ends takes its processor time with it: that is no new beginning.
func TestCPUOfARun(t *testing.T) {
	k := &program{}
	at := func(generation int, seconds float64, want float64) {
		t.Helper()
		p := control.ProgramStatus{PID: 1, Generation: generation, CPUSeconds: seconds}
		if k.goOn(&p); p.CPUSeconds != want {
			t.Errorf("run %d with %v s: %v, want %v", generation, seconds, p.CPUSeconds, want)
		}
	}
	at(1, 10, 10)
	at(1, 4, 10)
	at(1, 11, 11)
	at(2, 1, 12)
	at(3, 5, 16) // a cgroup goes on counting over runs
}

// A folder that can't be written to is told once, and so is its return; a file with anything in it is no obstacle.
func TestStore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "own")
	var said []string
	begin := func() *Observer {
		return newObserver(folder, func(err error) { said = append(said, fmt.Sprint(err)) }, names("shop"), func(string) (client, error) {
			return answering{status: func(context.Context) (control.Status, error) {
				return control.Status{SupervisorRestarts: 3, Programs: []control.ProgramStatus{{Name: "api", Probes: []control.ProbeStatus{{Kind: "liveness"}}}}}, nil
			}}, nil
		})
	}
	look := func(o *Observer) int {
		t.Helper()
		o.at = time.Time{}
		seen, err := o.Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return seen[0].Status.SupervisorRestarts
	}
	for _, text := range []string{`{`, `[]`, `null`, `{"shop": null}`, `{"shop": {"programs": {"api": null}, "falls": {"programs": {"api": null}}}}`,
		`{"shop": {"programs": {"api": {"by": {"exit": null}, "probes": {"liveness": null}}}}}`} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "counters.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := look(begin()); got != 3 {
			t.Errorf("%s: %d", text, got)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "counters.json"), []byte(`{"shop": {"supervisors": {"b": 10, "l": 7}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o := begin()
	if got := look(o); got != 20 || len(said) != 0 {
		t.Errorf("%d, %v", got, said)
	}
	o.store.path = filepath.Join(folder, "gone", "counters.json")
	o.store.last = nil
	look(o)
	look(o)
	o.store.path = filepath.Join(folder, "counters.json")
	look(o)
	if len(said) != 2 || said[0] == "<nil>" || said[1] != "<nil>" {
		t.Errorf("%q", said)
	}
}
