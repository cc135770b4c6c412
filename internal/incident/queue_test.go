package incident

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestMarksAreGathered: programs that begin to be wanted one after the other are written together, soon, in order, and without another event;
// a fall is written at once, with what waits before it.
func TestMarksAreGathered(t *testing.T) {
	path, c := file(t), newHands()
	synctest.Test(t, func(t *testing.T) {
		r, _ := open(t, path, c, Options{})
		size := func() int64 {
			synctest.Wait()
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		time.Sleep(time.Minute)
		begin := size()
		r.RecordWanted("first", true, "start")
		if size() == begin {
			t.Error("the first one waits, though nothing was written for a minute")
		}
		writes, last := 0, size()
		for i := range 200 {
			r.RecordWanted(fmt.Sprintf("p%03d", i), true, "start")
			time.Sleep(time.Millisecond)
			if now := size(); now != last {
				writes, last = writes+1, now
			}
		}
		if writes < 3 || writes > 4 {
			t.Errorf("%d writes in 200 ms", writes)
		}
		time.Sleep(gatherTime)
		size()
		text, err := os.ReadFile(path)
		if err != nil || strings.Count(string(text), `"program":"p`) != 200 {
			t.Errorf("%v; after %v not all is written: %s", err, gatherTime, text)
		}
		if !strings.Contains(string(text[strings.LastIndexByte(strings.TrimSpace(string(text)), '\n'):]), "p199") {
			t.Error("the last line isn't the last program's")
		}
		r.RecordWanted("api", true, "start")
		time.Sleep(time.Millisecond)
		r.RecordFall(Fall{Program: "api", Generation: 1, Kind: Exit, Cause: "exit code 1"})
		size()
		if text, err = os.ReadFile(path); err != nil || strings.Count(string(text), `"program":"api"`) != 2 {
			t.Errorf("%v; the fall or what was before it waits: %s", err, text[max(0, len(text)-500):])
		}
	})
}
