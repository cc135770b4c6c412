package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Problem is the body of every answer that isn't 2xx. (What isn't HTTP at all, net/http refuses in plain text.)
type Problem struct {
	Error  string   `json:"error"`            // what is wrong
	Hint   string   `json:"hint"`             // what to do next
	Errors []string `json:"errors,omitempty"` // 422: every error of the definition
}

// Health is the answer of GET /v1/healthz: the supervisor's own state is being worked on, not only its socket.
type Health struct {
	OK      bool   `json:"ok"`
	Service string `json:"service"`
	PID     int    `json:"pid"` // of the supervisor
}

// route is a request that the server knows.
type route struct {
	path, method string
	readers      bool // may ask for it; who forgets to say so, keeps them out
	handle       http.HandlerFunc
}

func (s *Server) routes() []route {
	return []route{
		{"/v1/status", http.MethodGet, true, s.status},
		{"/v1/command", http.MethodPost, false, s.command},
		{"/v1/events", http.MethodGet, true, s.events},
		{"/v1/incidents", http.MethodGet, true, s.incidents},
		{"/v1/logs", http.MethodGet, true, s.logs},
		{"/v1/healthz", http.MethodGet, true, s.healthz},
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	routes := s.routes()
	at := slices.IndexFunc(routes, func(known route) bool { return known.path == r.URL.Path })
	if at < 0 {
		s.refuse(w, http.StatusNotFound, fmt.Sprintf("there is no %.100q here", r.URL.Path),
			"GET /v1/status, POST /v1/command, GET /v1/events, GET /v1/incidents, GET /v1/logs or GET /v1/healthz")
		return
	}
	known := routes[at]
	switch who := roleOf(r); {
	case who != asOwner && (who != asReader || !known.readers):
		s.refuse(w, http.StatusForbidden, "you may read this service's status, events, incidents and logs, and give it no orders",
			"that takes the account that runs the service: "+elevate)
	case r.Method != known.method:
		w.Header().Set("Allow", known.method)
		s.refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s doesn't take %.20s", r.URL.Path, r.Method), "use "+known.method)
	default:
		known.handle(w, r)
	}
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.status)
	defer cancel()
	seq := s.hub.Last() // before the snapshot: a client that follows from here may see an event twice, but misses none
	st, err := s.backend.Status(ctx)
	if err != nil {
		s.fail(w, err)
		return
	}
	st.EventSeq = seq
	if st.Programs == nil {
		st.Programs = []ProgramStatus{}
	}
	s.reply(w, http.StatusOK, st)
}

func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.status)
	defer cancel()
	service, err := s.backend.Alive(ctx)
	if err != nil {
		s.refuse(w, http.StatusServiceUnavailable, "the supervisor doesn't answer: "+err.Error(),
			"the keeper replaces a supervisor that hangs; try again in a few seconds")
		return
	}
	s.reply(w, http.StatusOK, Health{OK: true, Service: service, PID: os.Getpid()})
}

func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		s.refuse(w, http.StatusUnsupportedMediaType, fmt.Sprintf("the body is %.60q", r.Header.Get("Content-Type")),
			"send JSON, with Content-Type: application/json")
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(s.limits.body))
	c, err := decodeCommand(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.badCommand(w, err)
		return
	}
	_ = control.SetReadDeadline(time.Time{}) // else r.Context() would end with it
	answer, err := s.backend.Command(r.Context(), c)
	if err != nil {
		s.fail(w, err)
		return
	}
	if len(answer.Errors) > 0 {
		s.reply(w, http.StatusUnprocessableEntity, Problem{
			Error:  fmt.Sprintf("the definition has errors (%d), the first: %s", len(answer.Errors), answer.Errors[0]),
			Hint:   "the old definition stays in force; correct the new one and reload again",
			Errors: answer.Errors,
		})
		return
	}
	if answer.Results == nil {
		answer.Results = []ProgramResult{}
	}
	s.reply(w, http.StatusOK, answer)
}

// badCommand answers a body that is no command.
func (s *Server) badCommand(w http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", large.Limit),
			"a command needs a few hundred at most")
	case timedOut(err):
		s.refuse(w, http.StatusRequestTimeout, fmt.Sprintf("the body wasn't there within %v", s.limits.body), "send it at once")
	default:
		s.refuse(w, http.StatusBadRequest, err.Error(), `for example {"verb": "restart", "program": "api", "reason": "new certificate"}`)
	}
}

// fail answers an error of the Backend.
func (s *Server) fail(w http.ResponseWriter, err error) {
	var unknown *UnknownProgramError
	var conflict *ConflictError
	switch {
	case errors.As(err, &unknown):
		s.refuse(w, http.StatusNotFound, err.Error(), "use one of "+strings.Join(unknown.Known, ", "))
	case errors.As(err, &conflict):
		s.refuse(w, http.StatusConflict, err.Error(), "see the status, then try again")
	case errors.Is(err, context.DeadlineExceeded):
		s.refuse(w, http.StatusGatewayTimeout, fmt.Sprintf("the supervisor didn't answer within %v", s.limits.status),
			"the keeper replaces a supervisor that hangs; try again in a few seconds")
	default:
		s.refuse(w, http.StatusInternalServerError, err.Error(), "see daruma's own log")
	}
}

func (s *Server) refuse(w http.ResponseWriter, status int, why, hint string) {
	s.reply(w, status, Problem{Error: why, Hint: hint})
}

// reply sends v as JSON; the client has limits.write to take it.
func (s *Server) reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a float that is no number, from the Backend
		status, body = http.StatusInternalServerError, errorBody(err.Error(), "this is a mistake in daruma: please report it")
	}
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(s.limits.write))
	body = append(body, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone: there is nobody to report an error to
	_ = control.Flush()
	_ = control.SetWriteDeadline(time.Time{})
}

func errorBody(why, hint string) []byte {
	body, _ := json.Marshal(Problem{Error: why, Hint: hint}) // strings alone can't fail
	return body
}

// timedOut says whether err is a deadline's. Named pipes have an error of their own for that.
func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
