package notifier

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/observe/notice/channel"
	"github.com/daruma-sh/daruma/internal/observe/notice/watch"
)

func webhook(name, address string, change func(*Channel)) Channel {
	c := Channel{Name: name, Config: channel.Config{Type: "webhook", URL: address}}
	change(&c)
	return c
}

// nothing is a machine without services.
func nothing() *watch.Source {
	return &watch.Source{Services: func() ([]string, error) { return nil, nil }}
}

func open(t *testing.T, state string, c Config) (*Notifier, *[]string, error) {
	t.Helper()
	said := &[]string{}
	n, err := Open(Options{Config: c, State: state, Say: func(s string) { *said = append(*said, s) }, source: nothing()})
	return n, said, err
}

// Of two observers that share a folder, the second doesn't send anything, and says who does. After the first, it may.
func TestTwoObservers(t *testing.T) {
	state := filepath.Join(t.TempDir(), "new", "notices")
	c := Config{Channels: []Channel{webhook("own", "http://127.0.0.1:1/", func(*Channel) {})}}
	first, _, err := open(t, state, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(t, state, c); err == nil || !strings.Contains(err.Error(), "another observer (process ") {
		t.Errorf("%v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	second, _, err := open(t, state, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

// Each channel gets what it wants, and a channel that is gone from observe.yaml holds nothing back.
func TestWhoGetsWhat(t *testing.T) {
	state := t.TempDir()
	c := Config{Kinds: []notice.Kind{notice.Fell, notice.GaveUp}, Channels: []Channel{
		webhook("all", "http://127.0.0.1:1/", func(*Channel) {}),
		webhook("alerts", "http://127.0.0.1:1/", func(c *Channel) { c.Kinds = []notice.Kind{notice.Alert} }),
		webhook("shop", "http://127.0.0.1:1/", func(c *Channel) { c.Services = []string{"shop"} }),
	}}
	n, _, err := open(t, state, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		n    notice.Notice
		want []string
	}{
		{notice.Notice{ID: "1", Kind: notice.Fell, Service: "shop"}, []string{"all", "shop"}},
		{notice.Notice{ID: "2", Kind: notice.Fell, Service: "blog"}, []string{"all"}},
		{notice.Notice{ID: "3", Kind: notice.Alert}, []string{"alerts"}},
		{notice.Notice{ID: "4", Kind: notice.Brief, Service: "shop"}, nil},
		{notice.Notice{ID: "5", Kind: notice.Test}, []string{"all", "alerts", "shop"}},
	} {
		if got := n.channels(&one.n); !slices.Equal(got, one.want) {
			t.Errorf("%+v: %v, want %v", one.n, got, one.want)
		}
		n.Tell([]notice.Notice{one.n})
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	c.Channels = c.Channels[1:]
	n, said, err := open(t, state, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if len(*said) != 1 || !strings.HasPrefix((*said)[0], "3 notices waited for channels that aren't in observe.yaml any more") {
		t.Errorf("%q", *said)
	}
}

// What is wrong with the secrets is said at once, all of it, with the place in observe.yaml.
func TestOpenRefuses(t *testing.T) {
	state := filepath.Join(t.TempDir(), "notices")
	_, _, err := open(t, state, Config{Channels: []Channel{
		{Name: "a", Config: channel.Config{Type: "slack", URLFile: filepath.Join(state, "nowhere")}},
		{Name: "b", Config: channel.Config{Type: "wecom", URLEnv: "NOBODY_SET_THIS"}},
	}})
	if err == nil || !strings.Contains(err.Error(), "notices.channels.a.urlFile: ") || !strings.Contains(err.Error(), "notices.channels.b.urlEnv: the variable") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("a folder was made")
	}
}

// What was told and couldn't be sent is sent by the next observer, once.
func TestNextObserverSends(t *testing.T) {
	got := make(chan []notice.Notice, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var one struct{ Notices []notice.Notice }
		if err := json.Unmarshal(body, &one); err != nil {
			t.Error(err)
		}
		got <- one.Notices
	}))
	t.Cleanup(server.Close)
	state := t.TempDir()
	n, _, err := open(t, state, Config{Channels: []Channel{webhook("own", "http://127.0.0.1:1/", func(*Channel) {})}})
	if err != nil {
		t.Fatal(err)
	}
	n.Tell([]notice.Notice{{ID: "1", Kind: notice.Fell, Service: "shop", At: time.Unix(1e9, 0)}})
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	for k := range 2 {
		n, _, err := open(t, state, Config{Channels: []Channel{webhook("own", server.URL, func(*Channel) {})}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { n.Run(ctx); close(done) }()
		if k == 0 {
			if list := <-got; len(list) != 1 || list[0].ID != "1" {
				t.Errorf("%+v", list)
			}
		}
		cancel()
		<-done
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(got) > 0 {
		t.Errorf("again: %+v", <-got)
	}
}
