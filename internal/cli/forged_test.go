package cli

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/daruma-sh/daruma/internal/control"
)

// forgery is what a service's account may write wherever a text is read from it: sequences that a terminal obeys, each in its own kind
// of character, and a line that looks like ours.
const forgery = "x\x1b[2J\x1b]0;t\x07\x7f\u0085\u009b31m\u009d\u061c\u202e\u2066\u2028\r\nFORGED\tby\xff\xc3"

// forge puts forgery into every text in what p points to, through all lists and pointers, which get one element.
func forge(p any) { forgeValue(reflect.ValueOf(p).Elem()) }

func forgeValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(forgery)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Uint64:
		v.SetUint(2)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && v.Field(i).Type() != reflect.TypeFor[time.Time]() {
				forgeValue(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		forgeValue(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		forgeValue(v.Index(0))
	}
}

// forger is a control server that answers every request with forged texts, refusals too.
type forger struct{ refuses bool }

func (f forger) Status(context.Context) (st control.Status, err error) {
	forge(&st)
	return st, nil
}

func (f forger) Alive(context.Context) (string, error) { return "shop", nil }

func (f forger) Incidents() (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

func (f forger) Logs(_ context.Context, _ control.LogQuery, each func(control.LogLine) error, _ func() error) error {
	return each(control.LogLine{Program: forgery, Message: forgery, Warning: forgery})
}

func (f forger) Command(context.Context, control.Command) (a control.Answer, err error) {
	forge(&a)
	if f.refuses {
		return control.Answer{}, &control.ConflictError{Reason: forgery}
	}
	a.Errors = nil // else it is a refused reload
	return a, nil
}

// forgeService makes a service called shop whose control socket the attacker has.
func forgeService(t *testing.T, f forger) {
	t.Helper()
	var e control.Event
	forge(&e)
	hub := control.NewHub(0)
	hub.Publish(e)
	s, err := control.Listen(known(t, "shop").Socket(), f, hub)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Close(ctx)
	})
}

// harmless fails where a terminal would obey something in text, or where a line is the attacker's own.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "FORGED") {
			t.Errorf("%s: a line of its own: %q in\n%q", what, line, text)
		}
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !unicode.IsGraphic(r) {
			t.Errorf("%s: %U in\n%q", what, r, text)
			return
		}
	}
}

// verbsThatAsk are the verbs that print what a control socket answers.
func verbsThatAsk() map[string][]string {
	verbs := map[string][]string{}
	for _, line := range []string{"status", "status shop", "status shop/api", "events shop", "events shop/api", "start shop", "stop shop", "restart shop",
		"pause shop", "resume shop", "control shop 130", "reload shop", "reload shop -o json", "status -o json", "events shop -o json", "stop shop -o json",
		"logs shop/api", "__complete status shop/"} {
		verbs[line] = strings.Fields(line)
	}
	return verbs
}

// TestForgedAnswers: whatever a control socket answers, each text of it stays in its place.
func TestForgedAnswers(t *testing.T) {
	for _, f := range []forger{{}, {refuses: true}} {
		home(t)
		forgeService(t, f)
		for line, args := range verbsThatAsk() {
			var out, err strings.Builder
			Main(args, IO{In: strings.NewReader(""), Out: &out, Err: &err})
			if out.Len()+err.Len() == 0 {
				t.Errorf("%s printed nothing", line)
			}
			harmless(t, line, out.String())
			harmless(t, line+", errors", err.String())
		}
	}
}
