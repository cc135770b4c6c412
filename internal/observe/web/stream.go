package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	// streamWrite is how long a browser may take to take what was sent.
	streamWrite = 10 * time.Second
	// heartbeat is how often something is sent where nothing happens, so that both sides notice a connection that died.
	heartbeat = 15 * time.Second
)

// sink is an open stream of events (html.spec.whatwg.org, "server-sent events").
type sink struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send sends one event. Its data is JSON, and so has no newline.
func (s *sink) send(event string, data any) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "event: %s\ndata: ", event)
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // it goes into no page as it is, and would be twice as long
	if err := e.Encode(data); err != nil {
		return err
	}
	text.WriteByte('\n')
	return s.write(text.Bytes())
}

func (s *sink) write(text []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.control.Flush()
}

// feed sends to a stream until ctx ends or sending fails.
type feed func(ctx context.Context, out *sink) error

// stream gives the handler of a stream. It ends with the session.
func (d *Dashboard) stream(open func(*request) (feed, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr, who: d.access.of(hr, d.cookieName(hr)), lang: languageOf(hr), w: w}
		if r.who.role < viewer {
			http.Error(w, "come in first", http.StatusUnauthorized)
			return
		}
		if site := hr.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
			http.Error(w, "streams are for pages of this dashboard", http.StatusForbidden)
			return
		}
		free, ok := d.streams.take(r.who)
		if !ok {
			w.Header().Set("Retry-After", "5")
			http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
			return
		}
		defer free()
		run, err := open(r)
		if err != nil {
			http.Error(w, visible(err.Error()), http.StatusNotFound)
			return
		}
		ctx, end := context.WithDeadline(hr.Context(), r.who.ends)
		defer end()
		defer context.AfterFunc(r.who.left, end)()
		out := &sink{w, http.NewResponseController(w)}
		// The request was read within the server's limit, which would end this connection, too.
		if out.control.SetReadDeadline(time.Time{}) != nil {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = run(ctx, out) // the browser is gone, reads too slowly, or the session has ended
	})
}

// changed is one event of a page's stream: pieces by their keys.
type changed struct {
	HTML map[string]string `json:"html"`
}

// servePieces sends the pieces of a page that changed, each time something did, and once a second: durations grow without news.
func (d *Dashboard) servePieces(make func(*state) (pieces, error)) feed {
	return func(ctx context.Context, out *sink) error {
		defer d.watch.hold()()
		if err := out.write([]byte("retry: 2000\n\n")); err != nil {
			return err
		}
		var before pieces
		sent := time.Now()
		for {
			s := d.watch.now()
			now, err := make(s)
			if err != nil {
				return err
			}
			c, err := now.since(before)
			if err != nil {
				return err
			}
			switch before = now; {
			case len(c.HTML) > 0:
				err, sent = out.send("pieces", c), time.Now()
			case time.Since(sent) > heartbeat:
				err, sent = out.write([]byte(": nothing changed\n\n")), time.Now()
			}
			if err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-s.next:
			case <-time.After(heartbeat):
			}
		}
	}
}

// since gives the pieces that changed.
func (p *pieces) since(before pieces) (changed, error) {
	c := changed{HTML: map[string]string{}}
	if !slices.Equal(p.order, before.order) {
		list, err := p.list()
		c.HTML["list"] = list
		for _, key := range []string{"summary", "head"} {
			if html, ok := p.html[key]; ok {
				c.HTML[key] = html
			}
		}
		return c, err
	}
	for key, html := range p.html {
		if before.html[key] != html {
			c.HTML[key] = html
		}
	}
	return c, nil
}
