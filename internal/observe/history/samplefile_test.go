package history

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe"
)

// memory gives the memory of shop/api in the last minutes, in KiB, the oldest first; -1 where it isn't known.
func memory(h *History, minutes int) []int {
	u := h.Usage("shop", "api")
	var list []int
	for k := range minutes {
		if len(u.Memory) == 0 || u.Memory[Minutes-minutes+k] != u.Memory[Minutes-minutes+k] {
			list = append(list, -1)
			continue
		}
		list = append(list, int(u.Memory[Minutes-minutes+k])/1024)
	}
	return list
}

// The observer is killed at each byte of its last writes: what was whole is there, and the next observer goes on behind it.
func TestSamplesOverAKillAtEachByte(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	h := opened(t, folder, c)
	for m := range 3 {
		minute(t, h, c, using("shop", "api", 1, int64(m+1)<<10))
	}
	hours, err := sampleHours(folder)
	if err != nil || len(hours) != 1 {
		t.Fatal(hours, err)
	}
	path := samplePath(folder, hours[0])
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(content) + 1 {
		if err := os.WriteFile(path, content[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := max(bytes.Count(append(content[:n:n], '\n'), []byte("}\n"))-1, 0) // less the names; the next observer writes a missing newline
		at := *c
		next := opened(t, folder, &at)
		minute(t, next, &at, using("shop", "api", 1, 9<<10))
		again := opened(t, folder, &at)
		got := memory(again, 4)
		for m := range 3 {
			want := -1
			if m < whole {
				want = m + 1
			}
			if got[m] != want {
				t.Fatalf("killed at byte %d of %d, after %d samples: %v", n, len(content), whole, got)
			}
		}
		if got[3] != 9 {
			t.Fatalf("killed at byte %d: what the next observer wrote is %v", n, got)
		}
	}
}

// Whatever stands in the files, what is whole is read, and no more is said than what is true.
func TestSamplesInBrokenFiles(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	h := opened(t, folder, c)
	minute(t, h, c, using("shop", "api", 1, 1<<10))
	hours, _ := sampleHours(folder)
	path := samplePath(folder, hours[0])
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimPrefix(string(content), "\n"), "\n")
	names, samples := lines[0], lines[1]
	for what, text := range map[string]string{
		"garbage before":      "\x00\xff{\n" + names + samples,
		"garbage between":     names + "{\"t\":1}\n[]\nnull\n" + samples,
		"half a line between": names + samples[:len(samples)/2] + "\n" + samples,
		"a sum that is wrong": names + strings.Replace(samples, `"sum":`, `"sum":1`, 1) + samples,
		"of another hour":     names + strings.Replace(samples, `"t":`, `"t":9`, 1) + samples,
		"before zero":         names + strings.Replace(samples, `"t":`, `"t":-`, 1) + samples,
		"no end":              names + samples + samples[:20],
		"a line of 2 MiB":     names + strings.Repeat("x", 2<<20) + "\n" + samples,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memory(opened(t, folder, c), 2); got[0] != -1 || got[1] != 1 {
			t.Errorf("%s: %v", what, got)
		}
	}
	for what, text := range map[string]string{"samples before their names": samples + names, "samples alone": samples, "empty": ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memory(opened(t, folder, c), 2); got[0] != -1 || got[1] != -1 {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// A folder in a file's place is told, and hides nothing else.
func TestSamplesWhereAFileIsNone(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	h := opened(t, folder, c)
	minute(t, h, c, using("shop", "api", 1, 1<<10))
	if err := os.Mkdir(samplePath(folder, h.last.T/perHour-1), 0o700); err != nil {
		t.Fatal(err)
	}
	var told []error
	h = open(folder, func(err error) { told = append(told, err) }, c.clock())
	if len(told) != 1 || !strings.Contains(told[0].Error(), "regular file") {
		t.Errorf("told %v", told)
	}
	if got := memory(h, 1); got[0] != 1 {
		t.Errorf("%v", got)
	}
}

// Files of more than a day are removed, whatever the wall clock says meanwhile, and nothing else is.
func TestSampleFilesAreFew(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	other := filepath.Join(folder, "samples-1.jsonl.bak")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := opened(t, folder, c)
	for m := range 60 * 60 {
		if m == 30*60 {
			c.wall = c.wall.AddDate(-3, 0, 0)
		}
		minute(t, h, c, using("shop", "api", 1, 1<<10))
	}
	hours, err := sampleHours(folder)
	if err != nil || len(hours) > keptHours+1 {
		t.Errorf("%d files, %v", len(hours), err)
	}
	for k, v := range h.Usage("shop", "api").Memory {
		if v != 1<<10 {
			t.Fatalf("minute %d: %v", k, v)
		}
	}
	again := opened(t, folder, c)
	for k, v := range again.Usage("shop", "api").Memory {
		if v != 1<<10 {
			t.Fatalf("after a restart, minute %d: %v", k, v)
		}
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
}

// Two observers write into one folder. Neither breaks a line of the other's, and a third one reads both.
func TestTwoObserversInOneFolder(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	one, two := opened(t, folder, c), opened(t, folder, c)
	for range 90 {
		minute(t, one, c, using("shop", "api", 1, 1<<10))
		c.pass(time.Second)
		if err := two.files.append(two.takeSeen([]observe.Seen{using("shop2", "worker", 1, 2<<10), using("shop", "api", 1, 1<<10)})); err != nil {
			t.Fatal(err)
		}
	}
	three := opened(t, folder, c)
	shop, shop2 := three.Usage("shop", "api"), three.Usage("shop2", "worker")
	for k := Minutes - 85; k < Minutes; k++ {
		if v := shop.Memory[k]; v != 1<<10 && v == v {
			t.Errorf("minute %d of shop: %v", k, v)
		}
		if v := shop2.Memory[k]; v != 2<<10 && v == v {
			t.Errorf("minute %d of shop2: %v", k, v)
		}
	}
	hours, _ := sampleHours(folder)
	lines := 0
	for _, hour := range hours {
		data, err := os.ReadFile(samplePath(folder, hour))
		if err != nil {
			t.Fatal(err)
		}
		readSampleFile(data, hour, func(*line) { lines++ })
	}
	if lines != 180 {
		t.Errorf("%d whole lines of 180", lines)
	}
}

// A process beside the observer shows what that has kept, and leaves the folder as it is.
func TestReadOnly(t *testing.T) {
	c := newHands()
	folder := t.TempDir()
	h := opened(t, folder, c)
	minute(t, h, c, using("shop", "api", 1, 1<<10))
	if err := os.WriteFile(dayPath(folder, date(c.wall)), []byte(`{"shop":{"upTo":1,"programs":{"api":{"wantedMs":1000}}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	names := func() (list []string) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	before := strings.Join(names(), " ")
	beside := openReadOnly(folder, c.clock())
	minute(t, beside, c, using("shop", "api", 1, 2<<10))
	b := newBook(c)
	b.wanted("api", true)
	c.pass(time.Minute)
	beside.TakeRecord(shop(), b.read(t))
	if err := beside.writeDays(); err != nil {
		t.Fatal(err)
	}
	if got := memory(beside, 3); got[0] != 1 || got[1] != 2 {
		t.Errorf("%v", got)
	}
	if got := over(t, beside, 90); got.Wanted <= 0 {
		t.Errorf("%+v", got)
	}
	if after := strings.Join(names(), " "); after != before {
		t.Errorf("the folder has %s, before %s", after, before)
	}
	if nothing := openReadOnly(folder+"-not-there", c.clock()); len(nothing.rings) > 0 {
		t.Error("something was read from no folder")
	}
}
