// Package otlp writes log records as OTLP has them (opentelemetry-proto, logs/v1, and collector/logs/v1), in the binary form of protobuf.
// The messages are a handful of fields, so they are written here: the SDK of OpenTelemetry would be 7 MB.
package otlp

import (
	"errors"
	"fmt"
	"mime"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// ContentType is that of the body.
const ContentType = "application/x-protobuf"

// DefaultPath is where a receiver takes logs, if it was given no path.
const DefaultPath = "/v1/logs"

// Encoder writes records. The zero value is ready; it is used by one goroutine.
type Encoder struct {
	of record.Record // the last one
	id []byte        // what its name begins with
	n  int           // of id
}

// Append appends a LogRecord.
func (e *Encoder) Append(dst []byte, r *record.Record) []byte {
	if !e.of.SameFile(r) {
		e.of = record.Record{Source: r.Source, At: r.At}
		e.id = r.AppendIDStart(e.id[:0])
		e.n = len(e.id)
	}
	e.id = r.AppendOffset(e.id[:e.n])
	dst = fixed64(dst, 1, uint64(r.When().UnixNano()))    // time_unix_nano
	dst = fixed64(dst, 11, uint64(time.Now().UnixNano())) // observed_time_unix_nano
	dst = message(dst, 5, fieldSize(len(r.Text)))         // body, an AnyValue
	dst = append(tag(dst, 1, bytesType, len(r.Text)), r.Text...)
	dst = attribute(dst, 6, "log.record.uid", e.id)
	if r.Generation > 0 {
		dst = number(dst, 6, "daruma.generation", int64(r.Generation))
	}
	if r.Stream != "" {
		dst = attribute(dst, 6, "log.iostream", r.Stream)
	}
	if r.Partial {
		dst = flag(dst, 6, "daruma.partial")
	}
	if r.Lines > 1 {
		dst = number(dst, 6, "daruma.lines", int64(r.Lines))
	}
	return dst
}

// Body appends an ExportLogsServiceRequest of the items.
func Body(dst []byte, raw []byte, items []record.Item) []byte {
	for len(items) > 0 {
		n, size := 0, 0
		for ; n < len(items) && items[n].Source == items[0].Source; n++ {
			size += fieldSize(items[n].End - items[n].Start)
		}
		resource := resourceOf(items[0].Source)
		dst = message(dst, 1, fieldSize(len(resource))+fieldSize(size)) // resource_logs
		dst = append(message(dst, 1, len(resource)), resource...)
		dst = message(dst, 2, size) // scope_logs
		for _, item := range items[:n] {
			dst = append(message(dst, 2, item.End-item.Start), raw[item.Start:item.End]...) // log_records
		}
		items = items[n:]
	}
	return dst
}

// resourceOf is a Resource, with the names of OpenTelemetry's semantic conventions.
func resourceOf(s *record.Source) []byte {
	b := attribute(nil, 1, "host.name", s.Machine)
	b = attribute(b, 1, "service.name", s.Service)
	return attribute(b, 1, "process.executable.name", s.Program)
}

// Judge reads the answer to a request with n records, of which the status is 2xx: an ExportLogsServiceResponse. What it refuses it doesn't name, so
// that all verdicts are [record.Taken], and the error, a [*PartialError], says how many it has dropped.
func Judge(contentType string, answer []byte, n int) ([]record.Verdict, error) {
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind == "text/html" {
		return nil, errors.New("it answers with a page for people, not as a receiver of OTLP does: is it the right address?")
	}
	verdicts := make([]record.Verdict, n)
	if kind != ContentType {
		return verdicts, nil // some answer with nothing, or with JSON
	}
	partial, ok := field(answer, 1)
	if !ok {
		return verdicts, nil
	}
	rejected, _ := varintField(partial, 1)
	said, _ := field(partial, 2)
	if rejected == 0 && len(said) == 0 {
		return verdicts, nil
	}
	return verdicts, &PartialError{min(rejected, uint64(n)), plaintext.Line(string(said))}
}

// PartialError says that a receiver has taken a request and dropped records of it.
type PartialError struct {
	Rejected uint64 // 0: it has taken all, and warns
	Said     string
}

func (e *PartialError) Error() string {
	switch {
	case e.Rejected == 0:
		return fmt.Sprintf("it warns: %s", e.Said)
	case e.Said == "":
		return fmt.Sprintf("it refused %d records and doesn't say why", e.Rejected)
	}
	return fmt.Sprintf("it refused %d records: %s", e.Rejected, e.Said)
}
