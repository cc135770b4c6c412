package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
	"github.com/daruma-sh/daruma/internal/observe/notice/queue"
)

// chat is a receiver that does what a test says, and keeps what it took.
type chat struct {
	answer func(m notice.Message) error

	mu    sync.Mutex
	took  []notice.Message
	at    []time.Time
	tries int
}

func (c *chat) Room() int { return 30 }

func (c *chat) Send(ctx context.Context, m notice.Message) error {
	if c.answer != nil {
		if err := c.answer(m); err != nil {
			c.mu.Lock()
			c.tries++
			c.mu.Unlock()
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took, c.at = append(c.took, m), append(c.at, time.Now())
	return nil
}

// ids are those of all notices that it took.
func (c *chat) ids() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := map[string]int{}
	for _, m := range c.took {
		for _, n := range m.Notices {
			ids[n.ID]++
		}
	}
	return ids
}

// sending runs a sender in virtual time, and gives what it says.
func sending(t *testing.T, c *chat, test func(put func(from, to int), said *[]string)) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q, err := queue.Open(folder, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		var said []string
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		s := &Sender{Name: "ops", Channel: c, Queue: q, Writer: notice.Writer{}, Say: func(s string) { said = append(said, s) }}
		go func() { s.Run(ctx); close(done) }()
		test(func(from, to int) {
			var list []notice.Notice
			for k := from; k < to; k++ {
				list = append(list, notice.Notice{ID: fmt.Sprint(k), Kind: notice.Fell, Service: "shop", At: time.Now(), Items: []notice.Item{{Key: fmt.Sprint(k), Program: "api"}}})
			}
			q.Put("", nil, list, func(*notice.Notice) []string { return []string{"ops"} })
			synctest.Wait()
		}, &said)
		cancel()
		<-done
		if left, _ := q.Pending("ops"); len(left) > 0 {
			t.Errorf("%d wait", len(left))
		}
	})
}

// However much happens, no chat gets more than 15 messages in any minute, nothing is left out and nothing comes twice.
func TestPace(t *testing.T) {
	c := &chat{}
	sending(t, c, func(put func(from, to int), _ *[]string) {
		for k := range 600 { // ten minutes, one every second
			put(k, k+1)
			time.Sleep(time.Second)
		}
		put(600, 1000)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
	})
	ids := c.ids()
	for k := range 1000 {
		if ids[fmt.Sprint(k)] != 1 {
			t.Errorf("%d came %d times", k, ids[fmt.Sprint(k)])
		}
	}
	for k := PerMinute; k < len(c.at); k++ {
		if gap := c.at[k].Sub(c.at[k-PerMinute]); gap < time.Minute {
			t.Errorf("%d messages within %v", PerMinute+1, gap)
		}
	}
}

// Few notices are a message each.
func TestOneByOne(t *testing.T) {
	c := &chat{}
	sending(t, c, func(put func(from, to int), _ *[]string) { put(0, 3) })
	if len(c.took) != 3 {
		t.Errorf("%d messages", len(c.took))
	}
}

// An outage of an hour is said once, when it begins and when it is over, and costs few attempts; what waited comes in one message.
func TestOutage(t *testing.T) {
	var down atomic.Bool
	c := &chat{}
	c.answer = func(notice.Message) error {
		if down.Load() {
			return errors.New("connection refused")
		}
		return nil
	}
	sending(t, c, func(put func(from, to int), said *[]string) {
		down.Store(true)
		put(0, 20)
		time.Sleep(time.Hour)
		down.Store(false)
		time.Sleep(longestWait * 2)
		synctest.Wait()
		if c.tries > 30 || len(c.took) != 1 || len(c.ids()) != 20 {
			t.Errorf("%d attempts, %d messages, %d notices", c.tries, len(c.took), len(c.ids()))
		}
		if strings.Join(*said, "\n") != "notices to ops can't be sent; they are kept and sent later: connection refused\nnotices to ops are sent again" {
			t.Errorf("%q", *said)
		}
	})
}

// A receiver that asks to be left alone is.
func TestRetryAfter(t *testing.T) {
	c := &chat{}
	begin := time.Time{}
	c.answer = func(notice.Message) error {
		if time.Since(begin) < 10*time.Minute {
			return &channel.Error{Text: "429", After: 10 * time.Minute}
		}
		return nil
	}
	sending(t, c, func(put func(from, to int), _ *[]string) {
		begin = time.Now()
		put(0, 1)
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if c.tries != 1 || len(c.took) != 1 {
			t.Errorf("%d attempts, %d messages", c.tries, len(c.took))
		}
	})
}

// One notice that a receiver refuses doesn't keep the others from getting through.
func TestPoison(t *testing.T) {
	c := &chat{}
	c.answer = func(m notice.Message) error {
		for _, n := range m.Notices {
			if n.ID == "3" {
				return &channel.Error{Text: "400 bad block", Refuse: true}
			}
		}
		return nil
	}
	sending(t, c, func(put func(from, to int), said *[]string) {
		put(0, 6)
		time.Sleep(time.Hour)
		synctest.Wait()
		if ids := c.ids(); len(ids) != 5 || ids["3"] != 0 {
			t.Errorf("%v", ids)
		}
		if !strings.Contains(strings.Join(*said, "\n"), "ops refuses a notice, which is dropped: shop/api is down: 400 bad block") {
			t.Errorf("%q", *said)
		}
	})
}
