package otlp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// show prints a message by an implementation of protobuf that isn't ours: fields as number:value, those in messages as number{…}.
func show(t *testing.T, b []byte, messages map[string]string, at string) string {
	t.Helper()
	var out []string
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatalf("at %s: %v", at, protowire.ParseError(n))
		}
		b = b[n:]
		path := fmt.Sprintf("%s.%d", at, number)
		switch kind {
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				t.Fatalf("at %s: %v", path, protowire.ParseError(n))
			}
			b = b[n:]
			if name, ok := messages[path]; ok {
				out = append(out, name+"{"+show(t, v, messages, path)+"}")
				continue
			}
			out = append(out, fmt.Sprintf("%d:%q", number, v))
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			b = b[n:]
			out = append(out, fmt.Sprintf("%d:%d", number, v))
		case protowire.Fixed64Type:
			v, n := protowire.ConsumeFixed64(b)
			b = b[n:]
			if number == 11 {
				v = 0 // now
			}
			out = append(out, fmt.Sprintf("%d:%d", number, v))
		default:
			t.Fatalf("at %s: type %d", path, kind)
		}
	}
	return strings.Join(out, " ")
}

// TestBody: another implementation of protobuf reads what is written, with the numbers of opentelemetry-proto.
func TestBody(t *testing.T) {
	api, worker := record.NewSource("web-1", "shop", "api"), record.NewSource("web-1", "shop", "worker")
	at := time.Unix(1e9, 5)
	records := []record.Record{
		{Source: api, At: logread.Position{Seq: 7, Born: 36, Offset: 37}, Time: at, Text: []byte("hello"), Lines: 1},
		{Source: api, Time: at, Text: []byte(strings.Repeat("x", 300)), Generation: 200, Stream: "stderr", Partial: true, Lines: 3},
		{Source: worker, At: logread.Position{Born: 5}, Lines: 1},
	}
	var b record.Batch
	var e Encoder
	for i := range records {
		b.Add(&records[i], e.Append)
	}
	got := show(t, Body(nil, b.Raw, b.Items), map[string]string{
		".1": "resource_logs", ".1.1": "resource", ".1.1.1": "attribute", ".1.1.1.2": "value",
		".1.2": "scope_logs", ".1.2.2": "record", ".1.2.2.5": "body", ".1.2.2.6": "attribute", ".1.2.2.6.2": "value",
	}, "")
	resource := func(program string) string {
		return fmt.Sprintf(`resource{attribute{1:"host.name" value{1:"web-1"}} attribute{1:"service.name" value{1:"shop"}} `+
			`attribute{1:"process.executable.name" value{1:%q}}}`, program)
	}
	id := func(r *record.Record) string {
		return fmt.Sprintf(`attribute{1:"log.record.uid" value{1:%q}}`, r.AppendID(nil))
	}
	want := `resource_logs{` + resource("api") + ` scope_logs{record{1:1000000000000000005 11:0 body{1:"hello"} ` + id(&records[0]) + `} ` +
		`record{1:1000000000000000005 11:0 body{1:"` + strings.Repeat("x", 300) + `"} ` + id(&records[1]) +
		` attribute{1:"daruma.generation" value{3:200}} attribute{1:"log.iostream" value{1:"stderr"}} attribute{1:"daruma.partial" value{2:1}}` +
		` attribute{1:"daruma.lines" value{3:3}}}}} ` +
		`resource_logs{` + resource("worker") + ` scope_logs{record{1:5000 11:0 body{1:""} ` + id(&records[2]) + `}}}`
	if got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
}

// TestJudge: what receivers answer.
func TestJudge(t *testing.T) {
	partial := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 2)
	partial = protowire.AppendString(protowire.AppendTag(partial, 2, protowire.BytesType), "too\x1b[31m old")
	partial = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial)
	silent := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), []byte{1 << 3, 2})
	for _, c := range []struct {
		kind, answer, want string
		verdicts           int
	}{
		{"", "", "<nil>", 3},
		{ContentType, "", "<nil>", 3},
		{ContentType, "\x0a\x00", "<nil>", 3},
		{"application/json", "{}", "<nil>", 3},
		{ContentType, string(partial), "it refused 2 records: too", 3},
		{ContentType, string(silent), "it refused 2 records and doesn't say why", 3},
		{ContentType, "\xff\xff\xff", "<nil>", 3},
		{"text/html; charset=utf-8", "<html>", "it answers with a page", 0},
	} {
		verdicts, err := Judge(c.kind, []byte(c.answer), 3)
		if len(verdicts) != c.verdicts || !strings.Contains(fmt.Sprint(err), c.want) || strings.Contains(fmt.Sprint(err), "\x1b") {
			t.Errorf("%s %q: %v, %v", c.kind, c.answer, verdicts, err)
		}
	}
}

// FuzzJudge: no answer makes it fail otherwise than by an error.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("\x0a\x04\x08\x02\x12\x00"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if v, _ := Judge(ContentType, answer, 3); len(v) != 3 {
			t.Errorf("%v", v)
		}
	})
}
