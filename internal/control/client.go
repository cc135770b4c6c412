package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// Client talks to the supervisor of one service. It opens a connection for each call and keeps none, so that it needs no
// closing and may be used from many goroutines at once.
type Client struct {
	service string // "": unknown, only for messages
	socket  string
	longest int64  // bytes of an answer: [maxAnswer], but in tests
	sent    func() // called when a request is written; nil: nobody is interested
}

// Dial gives a client for the service called name, as this user sees it. Nothing is connected yet: the first call tells whether it runs.
func Dial(name string) (*Client, error) {
	f, err := folders.Seen(name)
	if err != nil {
		return nil, err
	}
	return &Client{service: name, socket: f.Socket(), longest: maxAnswer}, nil
}

// NewClient gives a client for the control socket at this path.
func NewClient(socket string) *Client { return &Client{socket: socket, longest: maxAnswer} }

// Status asks for the service's status.
//
// Who listens there isn't trusted: answers are bounded, and a socket or a lock file beside it that is something else is an error.
//
// All calls give an error for which errors.Is(err, ErrNotRunning) holds where no supervisor listens, a
// *[PermissionError] where the socket may not be opened, an *[APIError] where the supervisor refuses, and ctx's error.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var st Status
	return st, c.call(ctx, http.MethodGet, "/v1/status", nil, &st)
}

// Command has cmd carried out and waits until it is. When ctx ends first, what was asked for goes on nevertheless.
func (c *Client) Command(ctx context.Context, cmd Command) (Answer, error) {
	body, err := json.Marshal(cmd)
	if err != nil {
		return Answer{}, err
	}
	var a Answer
	return a, c.call(ctx, http.MethodPost, "/v1/command", body, &a)
}

// Order is Command, and calls sent once when the order is on its way to the supervisor, which from then on doesn't need this client.
func (c *Client) Order(ctx context.Context, cmd Command, sent func()) (Answer, error) {
	told := *c
	told.sent = sent
	return told.Command(ctx, cmd)
}

// Health asks whether the supervisor works.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var h Health
	return h, c.call(ctx, http.MethodGet, "/v1/healthz", nil, &h)
}

// From says where a stream of events begins and ends.
type From struct {
	Since  *uint64 // after the event with this number; nil: now
	Follow bool    // go on with what happens; false: end after what the supervisor remembers
}

// Events calls each with every event, in order, until it gives an error (which Events gives back), ctx ends (its error),
// or the stream does: nil where the supervisor ended it in an orderly way, [ErrLagged] where this client read too slowly,
// and another error where the connection broke. Heartbeats are passed over; 45 s without one are an error too.
func (c *Client) Events(ctx context.Context, from From, each func(Event) error) error {
	query := url.Values{"follow": {strconv.FormatBool(from.Follow)}}
	if from.Since != nil {
		query.Set("since", strconv.FormatUint(*from.Since, 10))
	}
	x, err := c.send(ctx, http.MethodGet, "/v1/events?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.problem(); err != nil {
		return err
	}
	d := json.NewDecoder(x.response.Body)
	for n := 0; ; n++ {
		if n > 2*Remembered && !from.Follow {
			return x.failed("reading events", errTooLong)
		}
		x.expectWithin(45 * time.Second)
		if from.Follow {
			x.allowed.left = min(maxEvent, c.longest)
		}
		var e Event
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return x.failed("reading events", err)
		}
		switch e.Kind {
		case EventHeartbeat:
		case EventLagged:
			return ErrLagged
		default:
			if err := each(e); err != nil {
				return err
			}
		}
	}
}

// Incidents gives the incident record as its file has it, lines of JSON.
func (c *Client) Incidents(ctx context.Context) ([]byte, error) {
	x, err := c.send(ctx, http.MethodGet, "/v1/incidents", nil)
	if err != nil {
		return nil, err
	}
	defer x.close()
	if err := x.problem(); err != nil {
		return nil, err
	}
	record, err := io.ReadAll(x.response.Body)
	if err != nil {
		return nil, x.failed("reading the incidents", err)
	}
	return record, nil
}

// Logs calls each with every line that q asks for until it gives an error (which Logs gives back), ctx ends (its error), or the supervisor
// has no more. Where it follows, the end of the supervisor is an error.
func (c *Client) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	x, err := c.send(ctx, http.MethodGet, "/v1/logs?"+q.values().Encode(), nil)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.problem(); err != nil {
		return err
	}
	d := json.NewDecoder(x.response.Body)
	for {
		x.allowed.left = c.longest // for each line: of lines there may be any number
		var l LogLine
		switch err := d.Decode(&l); {
		case errors.Is(err, io.EOF) && !q.Follow:
			return nil
		case err != nil:
			return x.failed("reading the logs", err)
		}
		if err := each(l); err != nil {
			return err
		}
	}
}

// call sends one request and decodes its answer into v.
func (c *Client) call(ctx context.Context, method, path string, body []byte, v any) error {
	x, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.problem(); err != nil {
		return err
	}
	if err := decodeAnswer(x.response.Body, v); err != nil {
		return x.failed("reading the answer", err)
	}
	return nil
}

// exchange is one request and its answer on a connection of its own. http.Transport doesn't do: it pools
// connections, and loses an answer that the server gives before it has read the request (503, 403).
type exchange struct {
	ctx      context.Context
	conn     net.Conn
	stop     func() bool // of the watch on ctx
	allowed  *allowance  // what may still be read
	response *http.Response
}

func (c *Client) send(ctx context.Context, method, path string, body []byte) (*exchange, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://daruma"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Close = true
	conn, err := reach(ctx, c.socket)
	if errors.Is(err, fs.ErrPermission) { // of who may read, the service has a socket of its own
		if as, denied := reach(ctx, readersSocket(c.socket)); denied == nil {
			conn, err = as, nil
		}
	}
	if err != nil {
		return nil, c.notReached(ctx, err)
	}
	x := &exchange{ctx: ctx, conn: conn, allowed: &allowance{conn, maxHead}}
	x.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	writeErr := request.Write(conn)
	if c.sent != nil && writeErr == nil {
		c.sent()
	}
	x.response, err = http.ReadResponse(bufio.NewReader(x.allowed), request)
	if err != nil {
		x.close()
		return nil, x.failed("asking the supervisor", errors.Join(writeErr, err))
	}
	x.allowed.left = c.longest
	return x, nil
}

func (x *exchange) close() {
	x.stop()
	_ = x.conn.Close()
}

func (x *exchange) expectWithin(d time.Duration) { _ = x.conn.SetReadDeadline(time.Now().Add(d)) }

// failed explains an error of the connection; where ctx ended the connection, that is the cause.
func (x *exchange) failed(doing string, err error) error {
	if x.ctx.Err() != nil {
		return x.ctx.Err()
	}
	if errors.Is(err, errTooLong) {
		return fmt.Errorf("%s: %w: is that daruma's supervisor that answers?", doing, err)
	}
	return fmt.Errorf("%s: %w (the supervisor may have ended or been replaced meanwhile)", doing, err)
}

// problem gives the error that the answer is, if it is one.
func (x *exchange) problem() error {
	if x.response.StatusCode == http.StatusOK {
		return nil
	}
	e := &APIError{Status: x.response.StatusCode}
	body, err := io.ReadAll(io.LimitReader(x.response.Body, 1<<20))
	if err != nil {
		return x.failed("reading the answer", err)
	}
	if kind, _, _ := mime.ParseMediaType(x.response.Header.Get("Content-Type")); kind != "application/json" || json.Unmarshal(body, &e.Problem) != nil {
		e.Problem.Error = string(bytes.TrimSpace(body))
	}
	// These become parts of messages; whoever answered may have written more than one line.
	e.Problem.Error, e.Hint = plaintext.Line(e.Problem.Error), plaintext.Line(e.Hint)
	return e
}
