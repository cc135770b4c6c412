package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/operate"
)

const (
	// orderTime is how long a page waits for what became of an order. What was begun goes on.
	orderTime = 2 * time.Minute
	// maxReason bounds a reason, in bytes; who gave the order stands before it (control.Command takes 1,024).
	maxReason = 700
)

// orders gives orders, and remembers which services refuse this process.
type orders struct {
	give func(ctx context.Context, service string, c control.Command) (control.Answer, error)

	mu   sync.Mutex
	said map[string]string // what a service said that takes no orders from this process
}

// refused is what the service said where it takes no orders from this process.
func (o *orders) refused(service string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said[service]
}

// learn remembers whether the service takes orders; refused says that this one was refused for who gave it.
func (o *orders) learn(service string, err error) (refused bool) {
	var denied *control.PermissionError
	var answer *control.APIError
	said := ""
	switch {
	case errors.As(err, &denied):
		said = err.Error()
	case errors.As(err, &answer) && answer.Status == http.StatusForbidden:
		said = strings.Trim(answer.Error()+": "+answer.Hint, ": ")
	case err != nil:
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said == nil {
		o.said = map[string]string{}
	}
	o.said[service] = visible(said)
	return said != ""
}

// orderView is the page on which an order is given, or what became of one.
type orderView struct {
	Service, Program string
	Level, State     string
	Running          bool
	Done, Failed     string // what became of it
	Refused          string
	Reason           string
}

func (d *Dashboard) orderView(r *request, program string) (orderView, error) {
	seen, s, err := d.named(r)
	if err != nil {
		return orderView{}, err
	}
	for i := range seen.Status.Programs {
		if p := &seen.Status.Programs[i]; p.Name == program {
			v := d.programView(r.lang, seen.Service, p, s.used(seen.Service, p.Name), time.Now())
			return orderView{Service: seen.Service, Program: v.Name, Level: v.Level, State: v.State, Running: p.Wanted, Refused: d.orders.refused(seen.Service)}, nil
		}
	}
	return orderView{}, &problem{status: http.StatusNotFound, text: "The service has no program of this name."}
}

func (d *Dashboard) orderPage(r *request, v orderView) *reply {
	return &reply{template: "order.html", title: v.Service + "/" + v.Program, data: v}
}

// orderForm is the page on which an order is given.
func (d *Dashboard) orderForm(r *request) (*reply, error) {
	v, err := d.orderView(r, r.URL.Query().Get("program"))
	if err != nil {
		return nil, err
	}
	return d.orderPage(r, v), nil
}

// order gives an order, and says what became of it.
func (d *Dashboard) order(r *request) (*reply, error) {
	if err := form(r); err != nil {
		return nil, err
	}
	program, verb, reason := r.PostForm.Get("program"), control.Verb(r.PostForm.Get("verb")), strings.TrimSpace(visible(r.PostForm.Get("reason")))
	if verb != control.VerbStart && verb != control.VerbStop && verb != control.VerbRestart {
		return nil, &problem{status: http.StatusBadRequest, text: "There is no such order."}
	}
	v, err := d.orderView(r, program)
	if err != nil {
		return nil, err
	}
	v.Reason = reason
	if reason == "" || len(reason) > maxReason {
		v.Failed = d.text(r.lang, "Say why, in 1 to %d bytes: it stands in the events and incidents.", maxReason)
		answer := d.orderPage(r, v)
		answer.status = http.StatusUnprocessableEntity
		return answer, nil
	}
	answer := d.carryOut(r, &v, control.Command{Verb: verb, Program: program, Reason: "dashboard (" + string(verb) + ") by " + visible(r.who.user) + ": " + reason})
	return answer, nil
}

func (d *Dashboard) carryOut(r *request, v *orderView, c control.Command) *reply {
	if c.Verb != control.VerbStop {
		c.MinReadySeconds = operate.MinReadySeconds
	}
	begin := time.Now()
	rc := http.NewResponseController(r.w)
	_ = rc.SetWriteDeadline(begin.Add(orderTime + streamWrite)) // the server's is for pages that are made at once
	_ = rc.SetReadDeadline(time.Time{})
	ctx, end := context.WithTimeout(r.Context(), orderTime)
	defer end()
	answer, err := d.orders.give(ctx, v.Service, c)
	refused := d.orders.learn(v.Service, err)
	v.Refused = d.orders.refused(v.Service)
	switch {
	case refused:
		v.Failed = d.text(r.lang, "This observer may give this service no orders.")
	case errors.Is(err, context.DeadlineExceeded):
		v.Failed = d.text(r.lang, "It takes longer than %v, and goes on.", orderTime)
	case err != nil:
		v.Failed = visible(err.Error())
	default:
		v.outcome(d, r.lang, answer, time.Since(begin))
	}
	page := d.orderPage(r, *v)
	if refused {
		page.status = http.StatusForbidden
	}
	return page
}

// outcome says what the supervisor answered.
func (v *orderView) outcome(d *Dashboard, lang string, a control.Answer, took time.Duration) {
	for _, p := range a.Results {
		if p.Program != v.Program {
			continue
		}
		v.State, v.Level = d.text(lang, visible(string(p.State))), ""
		if !p.Done {
			v.Failed = d.text(lang, "It was not done: %s", visible(p.Message))
			return
		}
	}
	v.Done = d.text(lang, "Done after %s.", screen.Span(took.Seconds()))
}
