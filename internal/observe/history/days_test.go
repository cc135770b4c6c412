package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // Windows has none of Go's

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/observe"
)

const dayLong = 24 * time.Hour

// shop is what is seen of shop, in which api is wanted.
func shop() *observe.Seen {
	return &observe.Seen{Service: "shop", Status: control.Status{Programs: []control.ProgramStatus{{Name: "api", Wanted: true}}}}
}

func near(a incident.Millis, b time.Duration) bool { return (a.Duration() - b).Abs() < 2*time.Second }

// What the record says of ten days is there at once, over each span what lies in it.
func TestAvailabilityOfAWholeRecord(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	for range 10 { // one hour down each day
		c.pass(dayLong - time.Hour)
		b.falls("api", time.Hour)
	}
	c.pass(30 * time.Minute)
	h := opened(t, "", c)
	h.TakeRecord(shop(), b.read(t))
	one := over(t, h, 1)
	if one.Incidents != 1 || !near(one.Wanted, 25*time.Hour-time.Hour) && one.Wanted.Duration() > 25*time.Hour || !near(one.Down, time.Hour) {
		t.Errorf("1 day: %+v", one)
	}
	seven := over(t, h, 7)
	midnight := c.wall.Truncate(dayLong)
	if want := c.wall.Sub(midnight.Add(-6 * dayLong)); !near(seven.Wanted, want) || seven.Incidents != 7 {
		t.Errorf("7 days: %+v, want %v", seven, want)
	}
	if ninety := over(t, h, 90); ninety.Incidents != 10 || !near(ninety.Wanted, 10*dayLong+30*time.Minute) || !near(ninety.Down, 10*time.Hour) || ninety.Recovered != 10 || ninety.MeanRecovery() != time.Hour {
		t.Errorf("90 days: %+v", ninety)
	}
	for k, day := range h.Days("shop", "api") {
		if known := k >= Days-11; day.Known != known && !(day.Known && day.Wanted == 0) {
			t.Errorf("%v: known %v", day.Begin, day.Known)
		}
	}
	// Reading the same again changes nothing.
	before := over(t, h, 90)
	clear(h.dirty)
	h.TakeRecord(shop(), b.read(t))
	if after := over(t, h, 90); after != before || len(h.dirty) > 0 {
		t.Errorf("%+v, before %+v; to be written: %v", after, before, h.dirty)
	}
}

// The time since the record was read counts, down where an incident has it down, and no longer than the service answers.
func TestAvailabilityGoesOn(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	c.pass(time.Hour)
	b.goesDown("api")
	h := opened(t, "", c)
	h.TakeRecord(shop(), b.read(t))
	c.pass(30 * time.Minute)
	h.takeSeen([]observe.Seen{*shop()})
	c.pass(30 * time.Minute)
	h.takeSeen([]observe.Seen{silent("shop")})
	if one := over(t, h, 1); !near(one.Wanted, 90*time.Minute) || !near(one.Down, 30*time.Minute) {
		t.Errorf("%+v", one)
	}
	c.pass(3 * dayLong)
	if one := over(t, h, 1); one.Wanted != 0 {
		t.Errorf("three days later: %+v", one)
	}
	if days := h.Days("shop", "api"); !days[Days-4].Known || days[Days-1].Known || !near(days[Days-4].Down, 30*time.Minute) {
		t.Errorf("%+v", days[Days-4:])
	}
}

// The record forgets, on the middle of a day; the sums stay, over the end of the observer, too.
func TestAvailabilityOverACompaction(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	b := newBook(c)
	b.wanted("api", true)
	h := opened(t, folder, c)
	for day := range 20 {
		c.pass(dayLong - 2*time.Hour)
		b.falls("api", time.Hour)
		h.TakeRecord(shop(), b.read(t))
		if day%3 == 0 {
			b.compact("api")
		}
		c.pass(time.Hour)
		h.TakeRecord(shop(), b.read(t))
		if day%5 == 0 {
			if err := h.writeDays(); err != nil {
				t.Fatal(err)
			}
			h = opened(t, folder, c)
		}
		h.TakeRecord(shop(), b.read(t))
	}
	if got := over(t, h, 90); got.Incidents != 20 || !near(got.Wanted, 20*dayLong) || !near(got.Down, 20*time.Hour) || got.Recovered != 20 {
		t.Errorf("%+v", got)
	}
}

// The record is removed and begun anew; what was known of the days before stays, and of the day itself both parts count.
func TestAvailabilityOverANewRecord(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	c.pass(2 * dayLong)
	b.falls("api", time.Hour)
	h := opened(t, "", c)
	h.TakeRecord(shop(), b.read(t))
	b = newBook(c)
	b.wanted("api", true)
	c.pass(time.Hour)
	for range 3 {
		b.falls("api", 10*time.Minute)
		h.TakeRecord(shop(), b.read(t))
	}
	if got := over(t, h, 90); got.Incidents != 4 || !near(got.Wanted, 2*dayLong+2*time.Hour+30*time.Minute) || !near(got.Down, 90*time.Minute) {
		t.Errorf("%+v", got)
	}
}

// A new record that is read for the first time when it is longer than the old one was is counted from its beginning.
func TestAvailabilityOverALongerNewRecord(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	c.pass(20 * time.Minute)
	b.falls("api", 10*time.Minute)
	h := opened(t, "", c)
	h.TakeRecord(shop(), b.read(t))
	b = newBook(c) // nobody looks meanwhile
	b.wanted("api", true)
	b.falls("api", 10*time.Minute)
	c.pass(2 * time.Hour)
	for n := range 3 {
		h.TakeRecord(shop(), b.read(t))
		if got := over(t, h, 90); got.Incidents != 2 || !near(got.Wanted, 2*time.Hour+40*time.Minute+time.Duration(n)*time.Second) || !near(got.Down, 20*time.Minute) {
			t.Errorf("%+v", got)
		}
		c.pass(time.Second)
	}
}

// The observer is killed at each step of its writing of days: every file is whole or the one before, and the sums come out the same.
func TestDaysOverKills(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	folder := t.TempDir()
	h := opened(t, folder, c)
	c.pass(3 * dayLong)
	b.falls("api", time.Hour)
	h.TakeRecord(shop(), b.read(t))
	if err := h.writeDays(); err != nil {
		t.Fatal(err)
	}
	b.compact("api")
	c.pass(dayLong)
	b.falls("api", time.Hour)
	record := b.read(t)
	h.TakeRecord(shop(), record)
	want := over(t, h, 90)
	changed := h.changedDays()
	if len(changed) < 2 {
		t.Fatalf("%d days changed", len(changed))
	}
	dates := []string{}
	for date := range changed {
		dates = append(dates, date)
	}
	for killed := range 1 << len(dates) { // any of them may have been written
		at := t.TempDir()
		if err := os.CopyFS(at, os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
		for k, date := range dates {
			if killed>>k&1 == 0 {
				continue
			}
			if err := writeDay(at, date, changed[date]); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(at, ".day-2026.json.123"), []byte(`{"shop":`), 0o600); err != nil { // what a replacing leaves
			t.Fatal(err)
		}
		next := opened(t, at, c)
		next.TakeRecord(shop(), record)
		if got := over(t, next, 90); got.Incidents != want.Incidents || got.Recovered != want.Recovered || !near(got.Wanted, want.Wanted.Duration()) || !near(got.Down, want.Down.Duration()) {
			t.Errorf("killed after %b: %+v, want %+v", killed, got, want)
		}
	}
}

// Broken files of days are as none, and what they claim is bounded.
func TestDaysInBrokenFiles(t *testing.T) {
	c := newHands()
	today := date(c.wall)
	for what, text := range map[string]string{
		"empty": "", "half": `{"shop":{"upTo":1,"progr`, "another type": `[1]`, "null": `null`, "null inside": `{"shop":null}`,
		"below zero": `{"shop":{"upTo":-1,"began":"2026-11-28T00:00:00Z","programs":{"api":{"wantedMs":-5,"downMs":9e99,"incidents":-3}}}}`,
	} {
		folder := t.TempDir()
		if err := os.WriteFile(dayPath(folder, today), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h := opened(t, folder, c)
		h.takeSeen([]observe.Seen{*shop()})
		if got := over(t, h, 90); got.Wanted < 0 || got.Incidents < 0 || got.Down > got.Wanted {
			t.Errorf("%s: %+v", what, got)
		}
		now := *c
		b := newBook(&now)
		b.wanted("api", true)
		now.pass(time.Hour)
		b.falls("api", time.Minute)
		h = opened(t, folder, &now)
		h.TakeRecord(shop(), b.read(t))
		if got := over(t, h, 90); got.Incidents != 1 || !near(got.Wanted, time.Hour+time.Minute) {
			t.Errorf("%s, with the record: %+v", what, got)
		}
	}
}

// A clock that was wrong for a while neither deletes days nor hides them for ever.
func TestDaysOverAClockThatWasSet(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	b := newBook(c)
	b.wanted("api", true)
	h := opened(t, folder, c)
	step := func(d time.Duration) {
		c.pass(d - time.Minute)
		b.falls("api", time.Minute)
		h.TakeRecord(shop(), b.read(t))
	}
	for range 60 {
		step(dayLong)
	}
	for _, years := range []int{10, -30} {
		c.wall = c.wall.AddDate(years, 0, 0)
		step(time.Minute)
		if err := h.writeDays(); err != nil {
			t.Fatal(err)
		}
		h = opened(t, folder, c)
		step(time.Minute)
		c.wall = c.wall.AddDate(-years, 0, 0)
	}
	h = opened(t, folder, c)
	step(time.Minute)
	if got := over(t, h, 90); got.Incidents != 65 || !near(got.Wanted, 60*dayLong+5*time.Minute) {
		t.Errorf("%+v", got)
	}
	dates, err := dayFiles(folder)
	if err != nil || len(dates) > keptDays {
		t.Errorf("%d files, %v", len(dates), err)
	}
}

// Files that are too many are removed, and names that are none of ours stay.
func TestDayFilesAreFew(t *testing.T) {
	folder := t.TempDir()
	for k := range 200 {
		if err := os.WriteFile(dayPath(folder, date(time.Date(2026, 1, k, 0, 0, 0, 0, time.UTC))), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(folder, "day-off.json")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	removeDays(folder)
	dates, err := dayFiles(folder)
	if err != nil || len(dates) != keptDays || dates[0] != date(time.Date(2026, 1, 200-keptDays, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%d from %v on, %v", len(dates), dates[0], err)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// A folder that can't be made is told, and everything works in memory.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var told []error
	c := newHands()
	h := open(filepath.Join(file, "history"), func(err error) { told = append(told, err) }, c.clock())
	if len(told) != 1 || !strings.Contains(told[0].Error(), "nothing is kept") {
		t.Errorf("told %v", told)
	}
	minute(t, h, c, using("shop", "api", 1, 1<<10))
	if err := h.writeDays(); err != nil {
		t.Error(err)
	}
	if got := memory(h, 1); got[0] != 1 {
		t.Errorf("%v", got)
	}
}

// Days of which the record has forgotten incidents are told, with their sums, and no others.
func TestForgotten(t *testing.T) {
	c := newHands()
	b := newBook(c)
	b.wanted("api", true)
	h := opened(t, "", c)
	c.pass(12 * time.Hour)
	begin := c.wall
	for day := range 6 {
		b.falls("api", time.Minute)
		c.pass(dayLong - time.Minute)
		h.TakeRecord(shop(), b.read(t))
		if day == 3 {
			b.compact("api")
		}
	}
	told := func(from, to time.Time) (list []string) {
		h.Forgotten(from, to, func(service, program string, day Day) bool {
			if service != "shop" || program != "api" || day.Incidents != 1 || !near(day.Down, time.Minute) {
				t.Errorf("%s/%s: %+v", service, program, day)
			}
			list = append(list, date(day.Begin))
			return true
		})
		return list
	}
	want := []string{}
	for day := range 5 { // the fourth compaction's day has one after it, too
		want = append(want, date(begin.AddDate(0, 0, day)))
	}
	if got := told(begin.AddDate(0, 0, -9), c.wall); strings.Join(got, " ") != strings.Join(want[:len(got)], " ") || len(got) < 4 {
		t.Errorf("%v, want %v", got, want)
	}
	if got := told(begin.AddDate(0, 0, 1), begin.AddDate(0, 0, 2)); len(got) != 2 && len(got) != 3 || got[0] != want[1] {
		t.Errorf("of a window: %v", got)
	}
}

// Each of the days has a date of its own, also where the clock is put forward at midnight.
func TestDaysWithoutMidnight(t *testing.T) {
	for zone, now := range map[string]time.Time{
		"America/Santiago": time.Date(2026, 9, 20, 15, 0, 0, 0, time.UTC),
		"America/Havana":   time.Date(2026, 3, 20, 15, 0, 0, 0, time.UTC),
		"Africa/Cairo":     time.Date(2026, 5, 1, 15, 0, 0, 0, time.UTC),
	} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		dates := map[string]bool{}
		for _, start := range lastDays(now.In(location)) {
			dates[date(start)] = true
			if date(start.Add(-time.Nanosecond)) == date(start) {
				t.Errorf("%s: %v isn't the beginning of its day", zone, start)
			}
		}
		if len(dates) != Days {
			t.Errorf("%s: %d dates", zone, len(dates))
		}
	}
}
