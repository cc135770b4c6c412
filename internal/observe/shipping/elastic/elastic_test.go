package elastic

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/logs/logread"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// TestBody: an action and a document for each record, as JSON reads them, poisoned ones too.
func TestBody(t *testing.T) {
	api := record.NewSource("web-1", "shop", "api")
	records := []record.Record{
		{Source: api, At: logread.Position{Seq: 7, Born: 36, Offset: 37}, Time: time.Unix(1e9, 5000), Text: []byte("hello"), Lines: 1},
		{Source: api, At: logread.Position{Seq: 7, Born: 36, Offset: 38}, Text: []byte("<b>\x00\x1b[31m\xff\"\\\n\u2028"), Generation: 2, Stream: "stderr", Partial: true, Lines: 3},
	}
	var b record.Batch
	e := NewEncoder("logs-shop-prod")
	for i := range records {
		b.Add(&records[i], e.Append)
	}
	lines := strings.Split(strings.TrimSuffix(string(b.Raw), "\n"), "\n")
	id := func(r *record.Record) string { return string(r.AppendID(nil)) }
	want := []string{
		`{"create":{"_id":"` + id(&records[0]) + `","_index":"logs-shop-prod"}}`,
		`{"@timestamp":"2001-09-09T01:46:40.000005Z","daruma.file":"7-10","data_stream.dataset":"shop","data_stream.namespace":"prod",` +
			`"data_stream.type":"logs","ecs.version":"8.11.0","host.name":"web-1","log.offset":37,"message":"hello","process.name":"api","service.name":"shop"}`,
		`{"create":{"_id":"` + id(&records[1]) + `","_index":"logs-shop-prod"}}`,
		`{"@timestamp":"1970-01-01T00:00:00.000036Z","daruma.file":"7-10","daruma.generation":2,"daruma.lines":3,"daruma.partial":true,"daruma.stream":"stderr",` +
			`"data_stream.dataset":"shop","data_stream.namespace":"prod","data_stream.type":"logs","ecs.version":"8.11.0","host.name":"web-1",` +
			`"log.offset":38,"message":"\u003cb\u003e\u0000\u001b[31m` + "\ufffd" + `\"\\\n\u2028","process.name":"api","service.name":"shop"}`,
	}
	for i, line := range lines {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if sorted, _ := json.Marshal(v); string(sorted) != want[i] {
			t.Errorf("\n%s\nwant\n%s", sorted, want[i])
		}
	}
	if len(lines) != 4 || id(&records[0]) == id(&records[1]) {
		t.Errorf("%q", lines)
	}
	if body := string(NewEncoder("mine").Append(nil, &records[0])); strings.Contains(body, "data_stream") || !strings.Contains(body, `"_index":"mine"`) {
		t.Error(body)
	}
}

// TestJudge: what stores answer, and others in their place.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		answer string
		want   []record.Verdict
		err    string
	}{
		{`{"errors":false}`, []record.Verdict{0, 0}, "<nil>"},
		{`{"took":3,"errors":false,"items":[]}`, []record.Verdict{0, 0}, "<nil>"},
		{`{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}}]}`,
			[]record.Verdict{0, 0}, "<nil>"},
		{`{"errors":true,"items":[{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue\u001b[31m"}}},{"create":{"status":400}}]}`,
			[]record.Verdict{record.Later, record.Refused}, "it answers 429 for a record: es_rejected_execution_exception: queue"},
		{`{"errors":true,"items":[{"create":{"status":403}},{"index":{"status":503}}]}`, []record.Verdict{record.Later, record.Later}, "403"},
		{`{"errors":true,"items":[{"create":{"status":201}}]}`, nil, "it answers for 1 records, and 2 were sent"},
		{`{"errors":true}`, nil, "it answers for 0 records"},
		{`{"errors":true,"items":[{},null]}`, []record.Verdict{record.Later, record.Later}, "it doesn't say what became of a record"},
		{`{"errors":true,"items":[{"create":{"status":201}},{"create":null}]}`, []record.Verdict{0, record.Later}, "it answers 0 for a record"},
		{`{}`, nil, "it doesn't answer as Elasticsearch does"},
		{``, nil, "it doesn't answer as"},
		{"<html>\x1b[31mwelcome", nil, "it doesn't answer as Elasticsearch does (<html>"},
	} {
		verdicts, err := Judge([]byte(c.answer), 2)
		if !slices.Equal(verdicts, c.want) || !strings.Contains(fmt.Sprint(err), c.err) || strings.Contains(fmt.Sprint(err), "\x1b") {
			t.Errorf("%s: %v, %v", c.answer, verdicts, err)
		}
	}
}

// FuzzJudge: no answer makes it fail otherwise than by an error, and where there is none each record is taken.
func FuzzJudge(f *testing.F) {
	f.Add([]byte(`{"errors":true,"items":[{"create":{"status":201}},{}]}`))
	f.Add([]byte(`{"errors":true,"items":[null,{"create":{"status":400,"error":null}}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		v, err := Judge(answer, 2)
		if untaken := func(v record.Verdict) bool { return v != record.Taken }; err == nil && (len(v) != 2 || slices.ContainsFunc(v, untaken)) {
			t.Errorf("%v", v)
		}
	})
}

func TestIsIndex(t *testing.T) {
	for name, want := range map[string]bool{DefaultIndex: true, "a": true, "": false, "Logs": false, "a/b": false, "-a": false, "a b": false, ".ds-x": false} {
		if IsIndex(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
