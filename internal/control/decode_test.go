package control

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestDecodeCommand(t *testing.T) {
	half := 0.5
	for in, want := range map[string]Command{
		`{"verb":"start"}`: {Verb: VerbStart},
		` {"program" : "api", "verb":"stop","graceSeconds":0.5} ` + "\n": {Verb: VerbStop, Program: "api", GraceSeconds: &half},
		`{"verb":"reload","program":"","reason":"deploy"}`:               {Verb: VerbReload, Reason: "deploy"},
		`{"verb":"control","code":130}`:                                  {Verb: VerbControl, Code: 130},
		`{"verb":"restart","program":null,"graceSeconds":null}`:          {Verb: VerbRestart},
	} {
		got, err := decodeCommand(strings.NewReader(in))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestDecodeCommandRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``:                                     "ends in the middle",
		`{"verb":"start"`:                      "ends in the middle",
		`{"verb":`:                             "ends in the middle",
		`nonsense`:                             "not JSON",
		`{"verb":start}`:                       "not JSON",
		`[]`:                                   "must be a JSON object",
		`"start"`:                              "must be a JSON object",
		`null`:                                 "must be a JSON object",
		`{}`:                                   `"verb" is missing`,
		`{"verb":""}`:                          `"verb" is missing`,
		`{"verb":"kill"}`:                      `no verb "kill"`,
		`{"Verb":"start"}`:                     `no field "Verb"`,
		`{"verb":"stop","grace":1}`:            `no field "grace"`,
		`{"verb":"stop","verb":"start"}`:       `"verb" is given twice`,
		`{"verb":7}`:                           `"verb" can't be a number`,
		`{"verb":"stop","graceSeconds":"1"}`:   `"graceSeconds" can't be a string`,
		`{"verb":"stop","graceSeconds":-1}`:    `from 0 to 86400`,
		`{"verb":"stop","graceSeconds":86401}`: `from 0 to 86400`,
		`{"verb":"stop","graceSeconds":1e999}`: `"graceSeconds" can't be a number`,
		`{"verb":"start","graceSeconds":1}`:    `goes with stop and restart`,
		`{"verb":"reload","program":"api"}`:    `doesn't go with reload`,
		`{"verb":"control"}`:                   `from 128 to 255, is 0`,
		`{"verb":"control","code":256}`:        `from 128 to 255, is 256`,
		`{"verb":"control","code":"130"}`:      `"code" can't be a string`,
		`{"verb":"stop","code":130}`:           `"code" goes with control`,
		`{"verb":"start"}{"verb":"stop"}`:      "something follows",
		`{"verb":"start"} x`:                   "something follows",
		`{"verb":"start"}]`:                    "something follows",
		`{"verb":"start","reason":"` + strings.Repeat("x", 1025) + `"}`: "1024 are allowed",
	} {
		if got, err := decodeCommand(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want an error with %q", in, got, err, want)
		}
	}
}

// FuzzCommand: whatever is sent, there is a command that keeps the rules or an error, and encoding/json reads the same.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`{"verb":"stop","program":"api","graceSeconds":0.5,"reason":"x"}`, `{"verb":"reload"}`, `{"verb":"start"}{}`,
		`{"verb":"stop","graceSeconds":1e400}`, `{"verb":null}`, `{"verb":"\ud800"}`, `{"\u0076erb":"start"}`, "\ufeff{}", `[[[[`, "{\"verb\":\"start\"}\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeCommand(strings.NewReader(string(data)))
		if err != nil {
			if err.Error() == "" {
				t.Fatal("refused without a word")
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("accepted against the rules: %v", err)
		}
		var std Command
		if err := json.Unmarshal(data, &std); err != nil || !reflect.DeepEqual(std, c) {
			t.Fatalf("encoding/json reads %+v (%v), we %+v", std, err, c)
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := decodeCommand(strings.NewReader(string(again))); err != nil || !reflect.DeepEqual(d, c) {
			t.Fatalf("%s reads back as %+v (%v)", again, d, err)
		}
	})
}
