package history

import (
	"math"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/observe"
)

// Over 30 hours there are the last 24: processor time as cores, memory as bytes, and nothing where nobody answered.
func TestUsageOfADay(t *testing.T) {
	c := newHands()
	h := opened(t, "", c)
	cpu := 0.0
	for m := range 30 * 60 {
		cpu += 30 // half a core
		if m%60 == 59 {
			minute(t, h, c, silent("shop"))
			continue
		}
		minute(t, h, c, using("shop", "api", cpu, int64(m)<<20))
	}
	u := h.Usage("shop", "api")
	if len(u.CPU) != Minutes || len(u.Memory) != Minutes || !u.Until.Equal(c.wall) {
		t.Fatalf("%d and %d values until %v", len(u.CPU), len(u.Memory), u.Until)
	}
	for k := range u.CPU {
		m := 30*60 - Minutes + k
		if m%60 == 59 {
			if !math.IsNaN(u.CPU[k]) || !math.IsNaN(u.Memory[k]) {
				t.Errorf("minute %d, when nobody answered: %v cores, %v bytes", m, u.CPU[k], u.Memory[k])
			}
			continue
		}
		if math.Abs(u.CPU[k]-0.5) > 0.001 || u.Memory[k] != float64(m<<20) {
			t.Errorf("minute %d: %v cores, %v bytes", m, u.CPU[k], u.Memory[k])
		}
	}
	if u := h.Usage("shop", "other"); len(u.CPU)+len(u.Memory) > 0 {
		t.Errorf("of a program that nobody saw: %v", u)
	}
}

// What is gone for a day is forgotten; what isn't, isn't.
func TestUsageOfProgramsThatWent(t *testing.T) {
	c := newHands()
	h := opened(t, "", c)
	minute(t, h, c, using("shop", "old", 1, 1), using("shop2", "api", 1, 1))
	for range Minutes - 1 {
		minute(t, h, c, using("shop", "api", 1, 1))
	}
	if len(h.rings) != 3 {
		t.Errorf("%d programs", len(h.rings))
	}
	minute(t, h, c, using("shop", "api", 1, 1))
	if len(h.rings) != 1 {
		t.Errorf("%d programs a day later", len(h.rings))
	}
}

// A supervisor may say anything: values are bounded, and so is the number of programs.
func TestUsageOfAHostileSupervisor(t *testing.T) {
	c := newHands()
	h := opened(t, t.TempDir(), c)
	say := func(cpu float64, memory int64) observe.Seen { return using("shop", "api", cpu, memory) }
	for _, s := range []observe.Seen{say(0, -1), say(math.Inf(1), math.MaxInt64), say(math.NaN(), 1), say(-5, 1), say(1e300, 1)} {
		minute(t, h, c, s)
	}
	for k, v := range h.Usage("shop", "api").CPU {
		if v < 0 || v > 1e7 || math.IsInf(v, 0) {
			t.Errorf("%d: %v", k, v)
		}
	}
	many := observe.Seen{Service: "many"}
	for k := range 3 * MaxPrograms {
		many.Status.Programs = append(many.Status.Programs, control.ProgramStatus{Name: string(rune(0x4e00 + k)), PID: 1})
	}
	long := make([]byte, 1<<20)
	many.Status.Programs[0].Name = string(long)
	minute(t, h, c, many)
	if len(h.rings) != MaxPrograms {
		t.Errorf("%d programs", len(h.rings))
	}
	if got := opened(t, h.folder, c); len(got.rings) != MaxPrograms {
		t.Errorf("%d programs after a restart", len(got.rings))
	}
}

// The wall clock is set back by a year and forward again, the observer ends and begins: no sample is lost, moved or in the future.
func TestUsageOverAClockThatWasSet(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	h := opened(t, folder, c)
	cpu := 0.0
	for m := range 40 {
		switch m {
		case 10:
			c.wall = c.wall.AddDate(-1, 0, 0)
		case 20:
			h = opened(t, folder, c)
		case 30:
			c.wall = c.wall.AddDate(1, 0, 0)
		}
		cpu += 60
		minute(t, h, c, using("shop", "api", cpu, int64(m+1)<<10))
	}
	u := h.Usage("shop", "api")
	for m := range 40 {
		if got := u.Memory[Minutes-40+m]; got != float64(int64(m+1)<<10) {
			t.Errorf("minute %d: %v bytes", m, got)
		}
	}
	if !u.Until.Equal(c.wall) {
		t.Errorf("until %v, it is %v", u.Until, c.wall)
	}
}

// Across a boot the wall clock says how long the machine was off, where it can.
func TestUsageOverABoot(t *testing.T) {
	for off, minutes := range map[time.Duration]int{20 * time.Minute: 20, -20 * time.Hour: 0} {
		c := newHands()
		folder := t.TempDir()
		h := opened(t, folder, c)
		minute(t, h, c, using("shop", "api", 1, 1<<10))
		c.boot, c.mono, c.wall = "b2", 0, c.wall.Add(off)
		h = opened(t, folder, c)
		minute(t, h, c, using("shop", "api", 1, 2<<10))
		u := h.Usage("shop", "api")
		if got := u.Memory[Minutes-1]; got != 2<<10 {
			t.Errorf("off for %v: now %v", off, got)
		}
		if got := u.Memory[Minutes-1-minutes-1]; got != 1<<10 {
			t.Errorf("off for %v: before %v", off, got)
		}
	}
}
