package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/observe"
)

// running is a history whose clock is that of the bubble.
func running(folder string, failed func(error)) *History {
	begin := time.Now()
	return open(folder, failed, clock{boot: "b1", mono: func() time.Duration { return time.Hour + time.Since(begin) }, wall: time.Now})
}

// One look a minute, days every five and at the end; nothing else is done.
func TestRun(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := running(folder, func(err error) { t.Errorf("failed: %v", err) })
		var looks atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.Run(ctx, func(ctx context.Context) ([]observe.Seen, error) {
				n := looks.Add(1)
				if n%3 == 0 {
					return nil, errors.New("the folders can't be read")
				}
				return []observe.Seen{using("shop", "api", float64(n), 1<<10)}, ctx.Err()
			})
		}()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := looks.Load(); n != 1 {
			t.Errorf("%d looks in half a minute", n)
		}
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if n := looks.Load(); n != 10 {
			t.Errorf("%d looks in nine and a half minutes", n)
		}
		if dates, _ := dayFiles(folder); len(dates) != 0 {
			t.Errorf("written though nothing was read: %v", dates)
		}
		h.mu.Lock()
		h.service("shop").days[date(time.Now())] = &part{}
		h.dirty[date(time.Now())] = true
		h.mu.Unlock()
		cancel()
		<-done
		if dates, _ := dayFiles(folder); len(dates) != 1 {
			t.Errorf("not written at the end: %v", dates)
		}
	})
}

// A disk that refuses is told once, costs nothing of what is shown, and is told when it is over.
func TestRunOnADiskThatRefuses(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "history")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var list []error
		told := func() []error { mu.Lock(); defer mu.Unlock(); return slices.Clone(list) }
		h := running(folder, func(err error) { mu.Lock(); defer mu.Unlock(); list = append(list, err) })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.Run(ctx, func(context.Context) ([]observe.Seen, error) {
				return []observe.Seen{using("shop", "api", 1, 1<<10)}, nil
			})
		}()
		synctest.Wait()
		if err := os.Rename(folder, folder+".away"); err != nil { // root may write anywhere: a folder that isn't there refuses everybody
			t.Fatal(err)
		}
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if told := told(); len(told) != 1 || told[0] == nil {
			t.Fatalf("told %v", told)
		}
		if err := os.Rename(folder+".away", folder); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if told := told(); len(told) != 2 || told[1] != nil {
			t.Errorf("told %v", told)
		}
		if got := memory(h, 12); got[0] != 1 || got[11] != 1 {
			t.Errorf("%v", got)
		}
		cancel()
		<-done
	})
}
