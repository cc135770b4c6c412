package jsonline

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// Object is what an object says.
type Object struct {
	Generation int
	Stream     string
	Time       time.Time
	Text       []byte // the exact bytes of the line, without its newline
	Encoded    bool   // Text isn't the message: that was decoded, or isn't UTF-8
	Partial    bool   // no newline followed,
	RunEnded   bool   // because the run ended
}

// Decode reads one object; ok is false where it isn't one of ours.
func Decode(b []byte) (o Object, ok bool) {
	var fields struct {
		Time       time.Time `json:"@timestamp"`
		Generation int       `json:"daruma.generation"`
		Stream     string    `json:"daruma.stream"`
		Message    *string   `json:"message"`
		Base64     string    `json:"daruma.message_base64"`
		Partial    bool      `json:"daruma.partial"`
		NoNewline  bool      `json:"daruma.no_newline"`
	}
	if !IsOurs(b) || json.Unmarshal(b, &fields) != nil || fields.Message == nil {
		return Object{}, false
	}
	o = Object{Generation: fields.Generation, Stream: fields.Stream, Time: fields.Time, Text: []byte(*fields.Message),
		Partial: fields.Partial || fields.NoNewline, RunEnded: fields.NoNewline}
	if raw, err := base64.StdEncoding.DecodeString(fields.Base64); err == nil && fields.Base64 != "" {
		o.Text, o.Encoded = raw, true
	}
	return o, true
}

// Time gives the time of one of our objects, of which the beginning is enough; ok is false where it isn't one.
func Time(b []byte) (at time.Time, ok bool) {
	if !IsOurs(b) {
		return at, false
	}
	at, err := time.Parse(jsonStamp, string(b[len(Start):len(Start)+len(jsonStamp)]))
	return at, err == nil
}
