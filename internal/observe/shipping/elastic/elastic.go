// Package elastic writes log records as the bulk API of Elasticsearch takes them, and OpenSearch's, with the names of the Elastic Common Schema
// (ECS).
//
// Each record is created under its own name as _id: a store that has it already answers 409, which counts as success. Data streams take no other
// operation than create.
package elastic

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// ContentType is that of the body.
const ContentType = "application/x-ndjson"

// Path is added to the store's address. Of the answer it asks for what is read of it: for each record some 20 bytes instead of 300.
const Path = "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"

// DefaultIndex is the data stream where nothing is said: the store's own template for logs-*-* makes it.
const DefaultIndex = "logs-daruma-default"

// IsIndex tells whether s can be the name of a data stream or an index.
func IsIndex(s string) bool {
	return s != "" && len(s) <= 255 && s == strings.ToLower(s) && !strings.ContainsAny(s, "\\/*?\"<>| ,#:\x00") && !strings.HasPrefix(s, "-") &&
		!strings.HasPrefix(s, "_") && !strings.HasPrefix(s, "+") && s[0] != '.'
}

// Encoder writes records for one data stream or index. It is used by one goroutine.
type Encoder struct {
	action, stream []byte

	// What is the same in records that follow one another: most of it is.
	of        record.Record // the one that these are of
	id, place []byte        // the action up to the offset in the name, and the record up to its offset
}

// NewEncoder gives the encoder for the index. The name of a data stream, TYPE-DATASET-NAMESPACE, is in each record, as its schema has it.
func NewEncoder(index string) *Encoder {
	e := &Encoder{action: append(jsonline.AppendString([]byte(`{"create":{"_index":`), []byte(index)), `,"_id":"`...)}
	if kind, rest, _ := strings.Cut(index, "-"); kind == "logs" {
		if dataset, namespace, ok := strings.Cut(rest, "-"); ok && dataset != "" && namespace != "" {
			e.stream = jsonline.AppendString([]byte(`,"data_stream.type":"logs","data_stream.dataset":`), []byte(dataset))
			e.stream = jsonline.AppendString(append(e.stream, `,"data_stream.namespace":`...), []byte(namespace))
		}
	}
	return e
}

// Append appends the action and the record, a line each.
func (e *Encoder) Append(dst []byte, r *record.Record) []byte {
	if !e.of.SameFile(r) || !e.of.Time.Equal(r.Time) || r.Time.IsZero() {
		e.begin(r)
	}
	dst = r.AppendOffset(append(dst, e.id...))
	dst = append(dst, "\"}}\n"...)
	dst = strconv.AppendInt(append(dst, e.place...), r.At.Offset, 10)
	if r.Generation > 0 {
		dst = strconv.AppendInt(append(dst, `,"daruma.generation":`...), int64(r.Generation), 10)
	}
	if r.Stream != "" {
		dst = jsonline.AppendString(append(dst, `,"daruma.stream":`...), []byte(r.Stream))
	}
	if r.Partial {
		dst = append(dst, `,"daruma.partial":true`...)
	}
	if r.Lines > 1 {
		dst = strconv.AppendInt(append(dst, `,"daruma.lines":`...), int64(r.Lines), 10)
	}
	dst = jsonline.AppendString(append(dst, `,"message":`...), r.Text)
	return append(dst, "}\n"...)
}

// begin makes what the records that follow have in common with this one.
func (e *Encoder) begin(r *record.Record) {
	e.of = record.Record{Source: r.Source, At: r.At, Time: r.Time}
	e.id = r.AppendIDStart(append(e.id[:0], e.action...))
	b := jsonline.AppendStamp(e.place[:0], r.When())
	b = append(b, `","ecs.version":"`+jsonline.ECSVersion+`","host.name":`...)
	b = jsonline.AppendString(b, []byte(r.Machine))
	b = jsonline.AppendString(append(b, `,"service.name":`...), []byte(r.Service))
	b = jsonline.AppendString(append(b, `,"process.name":`...), []byte(r.Program))
	b = r.AppendFile(append(append(b, e.stream...), `,"daruma.file":"`...))
	e.place = append(b, `","log.offset":`...)
}

// answer is what the bulk API says.
type answer struct {
	Errors *bool `json:"errors"`
	Items  []map[string]struct {
		Status int `json:"status"`
		Error  *struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		} `json:"error"`
	} `json:"items"`
}

// Judge reads the answer to a request with n records, of which the status is 2xx. The error says why one isn't taken; it is nil only where all are.
func Judge(body []byte, n int) ([]record.Verdict, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || a.Errors == nil {
		return nil, errors.New("it doesn't answer as Elasticsearch does (" + plaintext.Excerpt(body, 100) + "): is it the right address?")
	}
	verdicts := make([]record.Verdict, n)
	if !*a.Errors {
		return verdicts, nil
	}
	if len(a.Items) != n {
		return nil, fmt.Errorf("it answers for %d records, and %d were sent", len(a.Items), n)
	}
	var first error
	for i, item := range a.Items {
		verdicts[i] = record.Later
		for _, one := range item {
			if verdicts[i] = verdict(one.Status); verdicts[i] == record.Taken || first != nil {
				continue
			}
			first = fmt.Errorf("it answers %d for a record", one.Status)
			if one.Error != nil {
				first = fmt.Errorf("%w: %s", first, plaintext.Excerpt([]byte(one.Error.Type+": "+one.Error.Reason), 300))
			}
		}
		if verdicts[i] != record.Taken && first == nil {
			first = errors.New("it doesn't say what became of a record")
		}
	}
	return verdicts, first
}

// verdict is what the status of one record means.
func verdict(status int) record.Verdict {
	switch {
	case status/100 == 2, status == 409: // it has it already
		return record.Taken
	case status == 400, status == 413, status == 422:
		return record.Refused
	}
	return record.Later // too busy, full, closed, no rights: nothing that another record would change
}
