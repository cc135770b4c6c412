package shipping

import (
	"net/url"

	"github.com/daruma-sh/daruma/internal/observe/shipping/elastic"
	"github.com/daruma-sh/daruma/internal/observe/shipping/otlp"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/record"
)

// format is how a type of target has its requests.
type format struct {
	path        func(url string) string // what its address is followed by
	contentType string
	encode      func(dst []byte, r *record.Record) []byte                 // a record
	body        func(dst, raw []byte, items []record.Item) []byte         // a request of encoded records; nil: it is one after the other
	judge       func(a *receiver.Answer, n int) ([]record.Verdict, error) // the answer to a request of n records
}

func (t *Target) format() format {
	if t.Type == "elasticsearch" {
		return format{
			path:        func(string) string { return elastic.Path },
			contentType: elastic.ContentType,
			encode:      elastic.NewEncoder(t.Index).Append,
			judge: func(a *receiver.Answer, n int) ([]record.Verdict, error) {
				return elastic.Judge(a.Body, n)
			},
		}
	}
	return format{
		path:        otlpPath,
		contentType: otlp.ContentType,
		encode:      new(otlp.Encoder).Append,
		body:        otlp.Body,
		judge: func(a *receiver.Answer, n int) ([]record.Verdict, error) {
			return otlp.Judge(a.ContentType, a.Body, n)
		},
	}
}

// otlpPath is added to an address without a path, as the variable OTEL_EXPORTER_OTLP_ENDPOINT has it.
func otlpPath(address string) string {
	if u, err := url.Parse(address); err == nil && u.Path == "" {
		return otlp.DefaultPath
	}
	return ""
}
