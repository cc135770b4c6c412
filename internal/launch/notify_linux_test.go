package launch

import (
	"io"
	"os"
	"testing"
)

// The channel's write end arrives under the promised number, by either way.
func TestNotifyIsHandedOver(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		name   string
		listen []string
		number string
		change func(*Plan)
	}{
		{"direct", nil, "3", func(*Plan) {}},
		{"launcher", nil, "3", func(p *Plan) { p.Nice = pointer(5) }},
		{"behind sockets", []string{"a", "b"}, "5", func(*Plan) {}},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := plainPlan("sh", "-c", "echo READY=1 >&"+c.number)
		p.Notify, p.ListenNames = true, c.listen
		c.change(&p)
		with := Attachments{Notify: w.Fd()}
		for range c.listen {
			with.Listen = append(with.Listen, null.Fd())
		}
		text, code := output(t, p, with)
		w.Close()
		said, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if code != 0 || string(said) != "READY=1\n" {
			t.Errorf("%s: exit code %d, said %q: %s", c.name, code, said, text)
		}
	}
}
