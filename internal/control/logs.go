package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// LogQuery says which lines of the logs are meant.
type LogQuery struct {
	Program string    // "": all, without daruma's own log; "daruma" is that
	Last    int       // so many last lines of each program; 0: every line; below 0: none of those that are there
	Since   time.Time // captured at this time or later; zero: from the beginning
	Until   time.Time // captured before; zero: to the end
	Follow  bool      // go on with what comes
	Raw     bool      // the bytes as they are, though their encoding is known
}

// LogLine is one line of output. The names are those of `daruma logs -o json`.
type LogLine struct {
	Time       *time.Time `json:"@timestamp,omitempty"` // nil: not known
	Program    string     `json:"process.name,omitempty"`
	Generation int        `json:"daruma.generation,omitempty"`
	Stream     string     `json:"daruma.stream,omitempty"`
	Message    string     `json:"message"`
	Base64     []byte     `json:"daruma.message_base64,omitempty"` // the exact bytes, where they aren't UTF-8
	Partial    bool       `json:"daruma.partial,omitempty"`        // no newline follows
	Warning    string     `json:"warning,omitempty"`               // no line, but what couldn't be read
}

// Text gives the exact bytes.
func (l *LogLine) Text() []byte {
	if l.Base64 != nil {
		return l.Base64
	}
	return []byte(l.Message)
}

// values writes the query for parseLogQuery.
func (q LogQuery) values() url.Values {
	v := url.Values{}
	add := func(name, value string, set bool) {
		if set {
			v.Set(name, value)
		}
	}
	add("program", q.Program, q.Program != "")
	add("last", strconv.Itoa(q.Last), q.Last != 0)
	add("since", q.Since.Format(time.RFC3339Nano), !q.Since.IsZero())
	add("until", q.Until.Format(time.RFC3339Nano), !q.Until.IsZero())
	add("follow", "true", q.Follow)
	add("raw", "true", q.Raw)
	return v
}

func parseLogQuery(v url.Values) (q LogQuery, err error) {
	for name, values := range v {
		if len(values) != 1 {
			return q, fmt.Errorf("%.40q is given %d times", name, len(values))
		}
		text := values[0]
		switch name {
		case "program":
			q.Program = text
		case "last":
			q.Last, err = strconv.Atoi(text)
		case "since":
			q.Since, err = time.Parse(time.RFC3339Nano, text)
		case "until":
			q.Until, err = time.Parse(time.RFC3339Nano, text)
		case "follow":
			q.Follow, err = strconv.ParseBool(text)
		case "raw":
			q.Raw, err = strconv.ParseBool(text)
		default:
			return q, fmt.Errorf("there is no parameter %.40q: only program, last, since, until, follow and raw", name)
		}
		if err != nil {
			return q, fmt.Errorf("%s: %.60q is none: %w", name, text, err)
		}
	}
	return q, nil
}

// logs streams lines of the programs' logs, one JSON object a line. A client that takes nothing for limits.write is cut off.
func (s *Server) logs(w http.ResponseWriter, r *http.Request) {
	q, err := parseLogQuery(r.URL.Query())
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error(), "/v1/logs?program=NAME&last=100&follow=true")
		return
	}
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	default:
		s.refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d readings of logs are under way, and no more are allowed", cap(s.reading)),
			"end some, or try again")
		return
	}
	out := s.stream(w, r)
	defer out.end()
	err = s.backend.Logs(out.ctx, q, func(l LogLine) error { return out.add(l) }, out.flush)
	if err != nil && out.ctx.Err() == nil {
		_ = out.add(LogLine{Warning: "reading ended: " + err.Error()})
	}
	_ = out.flush()
}

// incidents streams the incident record as it is, a JSON object a line.
func (s *Server) incidents(w http.ResponseWriter, r *http.Request) {
	record, err := s.backend.Incidents()
	if err != nil {
		s.fail(w, err)
		return
	}
	defer record.Close()
	out := s.stream(w, r)
	defer out.end()
	if _, err := io.Copy(out, record); err == nil {
		_ = out.flush()
	}
}

// stream begins an answer of many lines. It ends with the request, and when the server closes.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) *stream {
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(s.closing, cancel)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	return &stream{ctx: ctx, end: func() { stop(); cancel() }, w: w, control: http.NewResponseController(w), timeout: s.limits.write}
}

// stream is an answer of many lines, which are written in pieces.
type stream struct {
	ctx     context.Context
	end     func()
	w       io.Writer
	control *http.ResponseController
	timeout time.Duration
	buf     []byte
}

// streamPiece is how much is collected before it is written.
const streamPiece = 32 << 10

func (o *stream) add(l LogLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if o.buf = append(append(o.buf, b...), '\n'); len(o.buf) < streamPiece {
		return nil
	}
	return o.flush()
}

func (o *stream) flush() error {
	b := o.buf
	o.buf = o.buf[:0]
	if _, err := o.Write(b); err != nil {
		return err
	}
	return o.control.Flush()
}

// Write gives the client its time for each piece.
func (o *stream) Write(b []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	if err := o.control.SetWriteDeadline(time.Now().Add(o.timeout)); err != nil {
		return 0, err
	}
	return o.w.Write(b)
}
