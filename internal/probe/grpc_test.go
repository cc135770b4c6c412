package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/daruma-sh/daruma/internal/definition"
)

// serveGRPC runs a real gRPC server.
func serveGRPC(t *testing.T, register func(*grpc.Server)) net.Listener {
	t.Helper()
	l, server := listen(t), grpc.NewServer()
	register(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l
}

type oddHealth struct {
	healthpb.UnimplementedHealthServer
	err error
}

func (o oddHealth) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if o.err == nil {
		<-ctx.Done()
	}
	return nil, o.err
}

func grpcTo(l net.Listener, service string) definition.Handler {
	return definition.Handler{GRPC: &definition.GRPCAction{Port: port(l), Service: service}}
}

func TestGRPC(t *testing.T) {
	h := health.NewServer()
	h.SetServingStatus("down", healthpb.HealthCheckResponse_NOT_SERVING)
	h.SetServingStatus("odd", healthpb.HealthCheckResponse_UNKNOWN)
	h.SetServingStatus("up", healthpb.HealthCheckResponse_SERVING)
	l := serveGRPC(t, func(s *grpc.Server) { healthpb.RegisterHealthServer(s, h) })
	without := serveGRPC(t, func(*grpc.Server) {})
	denied := serveGRPC(t, func(s *grpc.Server) {
		healthpb.RegisterHealthServer(s, oddHealth{err: status.Error(codes.PermissionDenied, "who are you? 100% ä\n")})
	})
	for _, test := range []struct {
		to            net.Listener
		service, want string
	}{
		{l, "", ""},
		{l, "up", ""},
		{l, "down", "NOT_SERVING"},
		{l, "odd", "UNKNOWN"},
		{l, "nobody", `the server's health service doesn't know the service "nobody"`},
		{without, "", "the server has no health service (grpc.health.v1.Health)"},
		{denied, "", `gRPC status 7: "who are you? 100% ä"`},
	} {
		r := ask(t, grpcTo(test.to, test.service), 10*time.Second)
		_, words, _ := strings.Cut(r.Message, ": ")
		if r.OK != (test.want == "") || r.Unknown || words != test.want {
			t.Errorf("%q: %+v, want %q", test.service, r, test.want)
		}
	}
}

func TestGRPCOddServers(t *testing.T) {
	silent := listen(t)
	hangs := serveGRPC(t, func(s *grpc.Server) { healthpb.RegisterHealthServer(s, oddHealth{}) })
	for name, l := range map[string]net.Listener{"silent": silent, "hangs": hangs} {
		if r := ask(t, grpcTo(l, ""), 100*time.Millisecond); r.OK || r.Message != "grpc "+l.Addr().String()+": no answer within 100ms" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	gone := listen(t)
	gone.Close()
	if r := ask(t, grpcTo(gone, ""), 10*time.Second); r.OK || !strings.HasSuffix(r.Message, ": connection refused") {
		t.Errorf("%+v", r)
	}
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	if r := ask(t, grpcTo(web.Listener, ""), 10*time.Second); r.OK || r.Unknown ||
		!strings.Contains(r.Message, "answer") && !strings.Contains(r.Message, "connection reset") { // it answers 400 and closes: which of the two is seen first is open
		t.Errorf("HTTP/1: %+v", r)
	}
	h2 := httptest.NewUnstartedServer(http.NotFoundHandler())
	h2.Config.Protocols = new(http.Protocols)
	h2.Config.Protocols.SetUnencryptedHTTP2(true)
	h2.Start()
	defer h2.Close()
	if r := ask(t, grpcTo(h2.Listener, ""), 10*time.Second); r.OK || !strings.HasSuffix(r.Message, ": it answers with HTTP status 404, not with gRPC") {
		t.Errorf("HTTP/2: %+v", r)
	}
}

// Probes leave no goroutine and no connection behind, whatever came of them.
func TestGRPCLeavesNothing(t *testing.T) {
	l := serveGRPC(t, func(s *grpc.Server) { healthpb.RegisterHealthServer(s, health.NewServer()) })
	hangs := serveGRPC(t, func(s *grpc.Server) { healthpb.RegisterHealthServer(s, oddHealth{}) })
	before := runtime.NumGoroutine()
	for range 20 {
		ask(t, grpcTo(l, ""), 10*time.Second)
		ask(t, grpcTo(hangs, ""), 5*time.Millisecond)
	}
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

func TestGRPCEncoding(t *testing.T) {
	for _, service := range []string{"", "a", strings.Repeat("long.", 60)} {
		frame := encodeHealth(service)
		var request healthpb.HealthCheckRequest
		if err := proto.Unmarshal(frame[5:], &request); err != nil || request.GetService() != service ||
			int(binary.BigEndian.Uint32(frame[1:])) != len(frame)-5 {
			t.Errorf("%q: %v, %v", service, frame, err)
		}
	}
}

// frameOf gives a message its length prefix.
func frameOf(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// FuzzGRPCResponse holds the decoder against the real one: what that accepts has the same status here, and nothing panics.
func FuzzGRPCResponse(f *testing.F) {
	for _, s := range []string{"", "\x08\x01", "\x08\x02", "\x08\x01\x08\x03", "\x12\x02ab\x08\x01", "\x09abcdefgh\x08\x01", "\x0dabcd", "\x08", "\xff\xff\xff", "\x0b\x0c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		decodeHealth(message) //nolint:errcheck // as a frame it is nearly always broken; it must not panic
		var want healthpb.HealthCheckResponse
		if proto.Unmarshal(message, &want) != nil {
			return
		}
		got, err := decodeHealth(frameOf(message))
		if bytes.ContainsAny(message, "\x0b\x0c") && err != nil {
			return // groups, which we refuse: a health service has none
		}
		if len(want.ProtoReflect().GetUnknown()) > 0 && err != nil {
			return // what we needn't understand may be refused, not misread
		}
		if err != nil || int32(got) != int32(want.GetStatus()) {
			t.Errorf("%x: status %d, %v; protobuf says %d", message, got, err, want.GetStatus())
		}
	})
}
