package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// serveHTTP serves until it is ended; "ready ADDRESS" says where. /health answers 200, or 503 before it is ready and
// after /fail, or not at all after /hang; /ok undoes both. /exit?code=N ends the process at once, /pid says who answers.
func serveHTTP(f *flag.FlagSet, args []string) (int, error) {
	addr := f.String("addr", "127.0.0.1:0", "where to listen")
	after := f.Duration("ready-after", 0, "/health fails so long")
	handed := f.Bool("listen-fds", false, "serve on fd 3 by the LISTEN_FDS protocol")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	listener, err := listen(*addr, *handed)
	if err != nil {
		return 0, err
	}
	say("ready", listener.Addr())
	return 0, http.Serve(listener, newSwitches(time.Now().Add(*after)).handler())
}

func listen(addr string, handed bool) (net.Listener, error) {
	if !handed {
		return net.Listen("tcp", addr)
	}
	if got := os.Getenv("LISTEN_PID"); got != strconv.Itoa(os.Getpid()) {
		return nil, fmt.Errorf("LISTEN_PID is %q, but this is %d", got, os.Getpid())
	}
	if n, err := strconv.Atoi(os.Getenv("LISTEN_FDS")); err != nil || n < 1 {
		return nil, errors.New("LISTEN_FDS names no socket")
	}
	return net.FileListener(os.NewFile(3, os.Getenv("LISTEN_FDNAMES")))
}

// switches is how /health behaves.
type switches struct {
	readyAt       time.Time
	fail, hanging atomic.Bool
}

func newSwitches(readyAt time.Time) *switches { return &switches{readyAt: readyAt} }

func (s *switches) handler() http.Handler {
	mux := http.NewServeMux()
	set := func(fail, hanging bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			s.fail.Store(fail)
			s.hanging.Store(hanging)
			fmt.Fprintln(w, "done")
		}
	}
	mux.HandleFunc("/health", s.health)
	mux.HandleFunc("/fail", set(true, false))
	mux.HandleFunc("/hang", set(false, true))
	mux.HandleFunc("/ok", set(false, false))
	mux.HandleFunc("/exit", func(_ http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		os.Exit(code)
	})
	mux.HandleFunc("/pid", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, os.Getpid()) })
	mux.HandleFunc("/self", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(whoAmI()) })
	return mux
}

func (s *switches) health(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.hanging.Load():
		<-r.Context().Done() // until the client gives up
	case s.fail.Load():
		http.Error(w, "failing, as asked", http.StatusServiceUnavailable)
	case time.Now().Before(s.readyAt):
		http.Error(w, "not ready yet", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "well")
	}
}

// serveTCP accepts, and says hello to, every connection.
func serveTCP(f *flag.FlagSet, args []string) (int, error) {
	addr := f.String("addr", "127.0.0.1:0", "where to listen")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return 0, err
	}
	say("ready", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			return 0, err
		}
		fmt.Fprintln(conn, "hello from", os.Getpid())
		conn.Close()
	}
}
