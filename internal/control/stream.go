package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// events streams what happens, one JSON object per line.
//
// ?since=SEQ begins after that number, with what is still remembered; without it the stream begins now. ?follow=false ends
// it after what is remembered. A number from the future is one of an earlier life of the service: everything is sent.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	since, follow, err := s.streamFrom(r)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error(), "/v1/events?since=NUMBER&follow=true")
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	out := &lines{w: w, control: http.NewResponseController(w), timeout: s.limits.write}
	if !follow {
		_ = s.remembered(ctx, out, since)
		return
	}
	_ = s.follow(ctx, out, since) // it ends when the client is gone or reads too slowly, or when the server closes
}

func (s *Server) streamFrom(r *http.Request) (since uint64, follow bool, err error) {
	since, follow = s.hub.Last(), true
	for name, values := range r.URL.Query() {
		switch {
		case len(values) != 1:
			return 0, false, fmt.Errorf("%.40q is given %d times", name, len(values))
		case name == "since":
			if since, err = strconv.ParseUint(values[0], 10, 64); err != nil {
				return 0, false, fmt.Errorf(`"since" must be the number of an event, is %.40q`, values[0])
			}
		case name == "follow":
			if follow, err = strconv.ParseBool(values[0]); err != nil {
				return 0, false, fmt.Errorf(`"follow" must be true or false, is %.40q`, values[0])
			}
		default:
			return 0, false, fmt.Errorf("there is no parameter %.40q: only since and follow", name)
		}
	}
	if oldest := s.hub.Oldest(); since < oldest || since > s.hub.Last() {
		since = oldest
	}
	return since, follow, nil
}

// follow sends events until the client fails to take them or ctx ends.
func (s *Server) follow(ctx context.Context, out *lines, since uint64) error {
	if err := out.send(); err != nil { // the header, so that the client knows that it is subscribed
		return err
	}
	buf := make([]Event, 0, 16)
	for {
		wait, cancel := context.WithTimeout(ctx, s.limits.heartbeat)
		events, err := s.hub.Since(wait, since, buf)
		cancel()
		switch {
		case errors.Is(err, ErrLagged):
			return out.send(Event{Kind: EventLagged, Time: time.Now(), Reason: fmt.Sprintf(
				"the events after %d are gone: they weren't read in time; connect again with since=%d", since, since)})
		case ctx.Err() != nil:
			return s.remembered(ctx, out, since) // the last events of a service that ends are news too
		case err != nil:
			events = append(buf, Event{Kind: EventHeartbeat, Time: time.Now()})
		default:
			since = events[len(events)-1].Seq
		}
		if err := out.send(events...); err != nil {
			return err
		}
	}
}

// remembered sends what there is.
func (s *Server) remembered(ctx context.Context, out *lines, since uint64) error {
	buf := make([]Event, 0, 16)
	for last := s.hub.Last(); since < last; {
		events, err := s.hub.Since(ctx, since, buf)
		if err != nil {
			return err
		}
		since = events[len(events)-1].Seq
		if err := out.send(events...); err != nil {
			return err
		}
	}
	return nil
}

// lines writes events to one client, which must take each piece within timeout.
type lines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	buf     bytes.Buffer
}

func (l *lines) send(events ...Event) error {
	l.buf.Reset()
	enc := json.NewEncoder(&l.buf)
	for i := range events {
		if err := enc.Encode(&events[i]); err != nil {
			return err
		}
	}
	if err := l.control.SetWriteDeadline(time.Now().Add(l.timeout)); err != nil {
		return err
	}
	if _, err := l.w.Write(l.buf.Bytes()); err != nil {
		return err
	}
	return l.control.Flush()
}
