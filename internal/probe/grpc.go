package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/daruma-sh/daruma/internal/definition"
)

// The codes of gRPC that get a text of their own. Source: google.golang.org/grpc/codes.
const (
	grpcOK               = 0
	grpcDeadlineExceeded = 4
	grpcNotFound         = 5
	grpcUnimplemented    = 12
)

// serving is the enum value SERVING of grpc.health.v1.HealthCheckResponse.
const serving = 1

// grpc calls grpc.health.v1.Health/Check without TLS, as the kubelet does; SERVING is success.
//
// The client is net/http's HTTP/2 and a few bytes of protobuf by hand: grpc-go would add megabytes to every daruma process.
// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
func (a attempt) grpc(ctx context.Context, g *definition.GRPCAction) Result {
	host := g.Host
	if host == "" {
		host = "127.0.0.1"
	}
	address := net.JoinHostPort(host, strconv.Itoa(g.Port))
	what := "grpc " + excerpt([]byte(address))
	if g.Service != "" {
		what += " " + excerpt([]byte(g.Service))
	}
	answer, err := callHealth(ctx, address, g.Service)
	if err != nil {
		if isNotHTTP2(err) {
			return Result{Message: what + ": it answers, but not with HTTP/2"}
		}
		return a.fail(ctx, what, err)
	}
	switch answer.code {
	case grpcOK:
	case grpcUnimplemented:
		return Result{Message: what + ": the server has no health service (grpc.health.v1.Health)"}
	case grpcNotFound:
		return Result{Message: what + ": the server's health service doesn't know the service " + strconv.Quote(excerpt([]byte(g.Service)))}
	case grpcDeadlineExceeded:
		return Result{Message: what + ": " + a.noAnswer()}
	default:
		return Result{Message: what + ": gRPC status " + itoa(answer.code) + quoted([]byte(answer.message))}
	}
	status, err := decodeHealth(answer.frame)
	if err != nil {
		return Result{Message: what + ": " + err.Error()}
	}
	if status != serving {
		return Result{Message: what + ": " + statusName(status)}
	}
	return Result{OK: true}
}

func statusName(status uint64) string {
	switch status {
	case 0:
		return "UNKNOWN"
	case 2:
		return "NOT_SERVING"
	case 3:
		return "SERVICE_UNKNOWN"
	}
	return "status " + strconv.FormatUint(status, 10)
}

// grpcAnswer is what came back from a call.
type grpcAnswer struct {
	code    int
	message string
	frame   []byte // the response's body: one length-prefixed message
}

// callHealth makes the call over a connection of its own.
func callHealth(ctx context.Context, address, service string) (grpcAnswer, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return grpcAnswer{}, err
	}
	// Dialled here and not by the transport, whose dial may outlive the call.
	conn, err := dial(ctx, host, port)
	if err != nil {
		return grpcAnswer{}, err
	}
	defer conn.Close()
	transport := &http.Transport{
		Protocols:          new(http.Protocols),
		DisableCompression: true,
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	req := (&http.Request{
		Method: http.MethodPost,
		URL:    &url.URL{Scheme: "http", Host: address, Path: "/grpc.health.v1.Health/Check"},
		Header: http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "User-Agent": {userAgent()}},
		Body:   io.NopCloser(bytes.NewReader(encodeHealth(service))),
	}).WithContext(ctx)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return grpcAnswer{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return grpcAnswer{}, errors.New("it answers with HTTP status " + itoa(resp.StatusCode) + ", not with gRPC")
	}
	frame, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return grpcAnswer{}, err
	}
	if len(frame) > maxBody {
		return grpcAnswer{}, errors.New("the answer is longer than any answer of a health service")
	}
	return readStatus(resp, frame)
}

// readStatus finds grpc-status in the trailers, or in the header of an answer that consists of nothing else.
func readStatus(resp *http.Response, frame []byte) (grpcAnswer, error) {
	from := resp.Trailer
	if from.Get("Grpc-Status") == "" {
		from = resp.Header
	}
	text := from.Get("Grpc-Status")
	if text == "" {
		return grpcAnswer{}, errors.New("it answers, but not with gRPC (no grpc-status)")
	}
	code, err := strconv.Atoi(text)
	if err != nil || code < 0 {
		return grpcAnswer{}, errors.New("it answers with the grpc-status " + strconv.Quote(excerpt([]byte(text))) + ", which is no number")
	}
	message := from.Get("Grpc-Message")
	if plain, err := url.PathUnescape(message); err == nil {
		message = plain
	}
	return grpcAnswer{code: code, message: message, frame: frame}, nil
}

// isNotHTTP2 reports whether HTTP/2 itself failed: the server speaks another protocol.
func isNotHTTP2(err error) bool {
	var n net.Error
	return !errors.As(err, &n) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) &&
		bytes.HasPrefix([]byte(err.Error()), []byte("http2:"))
}

// encodeHealth gives HealthCheckRequest{service = 1} as a length-prefixed message.
func encodeHealth(service string) []byte {
	var message []byte
	if service != "" {
		message = append(message, 1<<3|2)
		message = binary.AppendUvarint(message, uint64(len(service)))
		message = append(message, service...)
	}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(frame, message...)
}

// decodeHealth gives the field status (1) of the HealthCheckResponse in a length-prefixed message; 0 where it is left out.
func decodeHealth(frame []byte) (status uint64, err error) {
	broken := errors.New("the answer is not one of a health service")
	if len(frame) < 5 || frame[0] != 0 || uint64(binary.BigEndian.Uint32(frame[1:])) != uint64(len(frame)-5) {
		return 0, broken
	}
	for b := frame[5:]; len(b) > 0; {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 {
			return 0, broken
		}
		b = b[n:]
		var value uint64
		size := 0
		switch tag & 7 {
		case 0:
			if value, size = binary.Uvarint(b); size <= 0 {
				return 0, broken
			}
		case 1:
			size = 8
		case 2:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return 0, broken
			}
			size = n + int(length)
		case 5:
			size = 4
		default:
			return 0, broken
		}
		if size > len(b) {
			return 0, broken
		}
		if tag>>3 == 1 && tag&7 == 0 {
			status = value // the last one counts, as protobuf says
		}
		b = b[size:]
	}
	return status, nil
}
