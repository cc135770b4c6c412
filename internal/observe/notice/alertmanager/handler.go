// Package alertmanager takes the webhook of Prometheus' Alertmanager, in its version 4, and makes notices of it
// (prometheus.io/docs/alerting/latest/configuration, "webhook_config").
package alertmanager

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

const (
	// Path is where the webhook is taken.
	Path = "/alertmanager"
	// maxBody bounds a request: some 1,000 alerts.
	maxBody = 1 << 20
	// again is how long the same request counts as one that Alertmanager repeats because it got no answer. A repetition that it means
	// (repeat_interval) comes after minutes at least.
	again = 20 * time.Second
	// remembered bounds the requests that are compared.
	remembered = 1000
	// maxText bounds a text of an alert, in bytes.
	maxText = 1000
)

// group is a request: the alerts of one group.
type group struct {
	Version         string  `json:"version"`
	GroupKey        string  `json:"groupKey"`
	Alerts          []alert `json:"alerts"`
	TruncatedAlerts int     `json:"truncatedAlerts"`
}

type alert struct {
	Status       string            `json:"status"` // firing or resolved
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// handler is the webhook.
type handler struct {
	token string
	tell  func([]notice.Notice)

	mu   sync.Mutex
	last map[[sha256.Size]byte]time.Time // when a body came
}

// Handler takes POST requests of Alertmanager and gives their notices to tell, which has them on disk when it returns. With a token only
// requests with "Authorization: Bearer TOKEN" are taken. Requests of browsers never are: no page may write into the chat of whoever reads it.
func Handler(token string, tell func([]notice.Notice)) http.Handler {
	return &handler{token: token, tell: tell, last: map[[sha256.Size]byte]time.Time{}}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST is taken here, from Alertmanager", http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		http.Error(w, "browsers are refused here", http.StatusForbidden)
		return
	}
	sent := r.Header.Get("Authorization")
	if h.token != "" && subtle.ConstantTimeCompare([]byte(sent), []byte("Bearer "+h.token)) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "the token is missing or wrong: http_config.authorization.credentials_file in Alertmanager's webhook_configs", http.StatusUnauthorized)
		return
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		http.Error(w, "the body must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the body can't be read: at most 1 MiB, see max_alerts in Alertmanager's webhook_configs", status)
		return
	}
	notices, err := parse(body, time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if h.fresh(sha256.Sum256(body), time.Now()) {
		h.tell(notices)
	}
}

// fresh tells whether the same body didn't come just before.
func (h *handler) fresh(sum [sha256.Size]byte, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.last, func(_ [sha256.Size]byte, at time.Time) bool { return now.Sub(at) > again })
	if _, came := h.last[sum]; came {
		return false
	}
	if len(h.last) < remembered {
		h.last[sum] = now
	}
	return true
}

// parse gives a notice for the alerts that fire, and one for those that are resolved.
func parse(body []byte, now time.Time) ([]notice.Notice, error) {
	var g group
	if err := json.Unmarshal(body, &g); err != nil {
		return nil, fmt.Errorf("this isn't Alertmanager's JSON: %w", err)
	}
	if g.Version != "4" || len(g.Alerts) == 0 {
		return nil, fmt.Errorf("this isn't Alertmanager's webhook: version must be \"4\", is %.20q, with %d alerts", g.Version, len(g.Alerts))
	}
	sum := sha256.Sum256([]byte(g.GroupKey))
	var notices []notice.Notice
	for _, over := range []bool{false, true} {
		n := notice.Notice{ID: fmt.Sprintf("alert/%s/%d/%v", hex.EncodeToString(sum[:8]), now.UnixNano(), over), Kind: notice.Alert, Over: over}
		for k := range g.Alerts {
			if a := &g.Alerts[k]; (a.Status == "resolved") == over {
				n.Items = append(n.Items, a.item())
			}
		}
		if len(n.Items) == 0 {
			continue
		}
		n.At = n.Items[0].At
		if !over && g.TruncatedAlerts > 0 {
			n.Items = append(n.Items, notice.Item{Title: fmt.Sprintf("+%d", g.TruncatedAlerts)})
		}
		notices = append(notices, n)
	}
	return notices, nil
}

func (a *alert) item() notice.Item {
	i := notice.Item{Key: a.Fingerprint + "@" + a.StartsAt.UTC().Format(time.RFC3339Nano), At: a.StartsAt, Title: notice.Clip(a.Labels["alertname"], maxText)}
	for _, name := range []string{"summary", "message", "description"} {
		if i.Cause = notice.Clip(a.Annotations[name], maxText); i.Cause != "" {
			break
		}
	}
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		if name != "alertname" {
			labels = append(labels, name+"="+a.Labels[name])
		}
	}
	i.Labels = notice.Clip(strings.Join(labels, ", "), maxText)
	if a.Status == "resolved" && a.EndsAt.After(a.StartsAt) {
		i.Took = a.EndsAt.Sub(a.StartsAt)
	}
	if strings.HasPrefix(a.GeneratorURL, "http://") || strings.HasPrefix(a.GeneratorURL, "https://") {
		i.Link = notice.Clip(a.GeneratorURL, maxText)
	}
	return i
}
