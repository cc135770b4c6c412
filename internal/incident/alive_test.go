package incident

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestNoteAlive: however often it is called, the note is written once in some 30 seconds, and not without a call.
func TestNoteAlive(t *testing.T) {
	path, c := file(t), newHands()
	synctest.Test(t, func(t *testing.T) {
		r, _ := open(t, path, c, Options{})
		synctest.Wait()
		var written []time.Duration
		for last, seconds := *readAlive(path), 0; seconds <= 100; seconds += 10 {
			if now := *readAlive(path); now != last {
				written, last = append(written, time.Duration(seconds)*time.Second), now
			}
			if seconds < 70 { // then the owner hangs
				r.NoteAlive()
			}
			time.Sleep(10 * time.Second)
			c.pass(10 * time.Second)
			synctest.Wait()
		}
		if len(written) != 2 || written[0] != 40*time.Second || written[1] != 70*time.Second {
			t.Errorf("written after %v, want 30 and 60 s, seen 10 s later", written)
		}
	})
	var none *Recorder
	none.NoteAlive()
}
