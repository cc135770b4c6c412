package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
)

// incidentsQuery is what the flags of daruma incidents ask for.
type incidentsQuery struct {
	since   time.Duration
	limited bool // --since was given: it limits the list, too
	count   int
	program string
}

func newIncidents(std IO) *cobra.Command {
	var q incidentsQuery
	since := "7d"
	cmd := &cobra.Command{
		Use:   "incidents [NAME[/PROGRAM]]",
		Short: "Show what fell, why, and how long until it stood again",
		Long: `Show what fell, why, and how long until it stood again; then for each program its availability and the mean and worst time
to recover, since the machine was booted and over the last days.

The record is read from its file, so this works whether the service runs or not. Without NAME all services are shown.
Availability is the part of the time in which a program was wanted that it wasn't down: time in which somebody had
stopped it doesn't count. A crash loop is one incident, with the number of falls.
Exit codes: 0 done, 1 failed, 2 wrong usage.`,
		Example: `  daruma incidents                       all services, their last 20 incidents each
  daruma incidents shop --since 24h      what fell in the last day
  daruma incidents shop/api -n 100       one program
  daruma incidents shop -o json | jq '.[].incidents[] | select(.outcome == "gaveUp")'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeTarget,
	}
	output := outputFlag(cmd)
	cmd.Flags().StringVar(&since, "since", since, "how far back, like 90m, 24h or 30d; when given it limits the list, too")
	cmd.Flags().IntVarP(&q.count, "lines", "n", 20, "show at most this many incidents of each service, the latest; 0: none")
	cmd.Flags().StringVar(&q.program, "program", "", "show one program only")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		q.limited = cmd.Flags().Changed("since")
		if q.since, err = parseDays(since); err != nil {
			return &exitError{code: ExitUsage, err: fmt.Errorf("--since: %w", err)}
		}
		if q.count < 0 {
			return &exitError{code: ExitUsage, err: fmt.Errorf("-n must be 0 or more, is %d", q.count)}
		}
		names, err := incidentServices(args, &q)
		if err != nil {
			return err
		}
		return showIncidents(cmd.Context(), std, names, q, *output)
	}
	return cmd
}

// parseDays reads a duration that may be in days, too.
func parseDays(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, isDays := strings.CutSuffix(s, "d"); isDays {
		var n float64
		if n, err = strconv.ParseFloat(days, 64); err == nil {
			d = time.Duration(min(n*float64(24*time.Hour), math.MaxInt64/2))
		}
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no time span: write it like 90m, 24h or 30d", s)
	}
	return d, nil
}

// incidentServices gives the services that are meant.
func incidentServices(args []string, q *incidentsQuery) ([]string, error) {
	known, err := folders.Services()
	if err != nil {
		return nil, servicesFailure(err)
	}
	if len(known) == 0 && (len(args) == 0 || strings.HasPrefix(args[0], "/")) {
		if err := elsewhere(""); err != nil {
			return nil, &exitError{code: ExitFailed, err: err}
		}
	}
	if len(args) == 0 {
		return known, nil
	}
	t, err := parseTarget(args[0])
	if err != nil {
		return nil, err
	}
	if t.program != "" {
		if q.program != "" && q.program != t.program {
			return nil, &exitError{code: ExitUsage, err: fmt.Errorf("%s and --program %s name two programs", t, q.program)}
		}
		q.program = t.program
	}
	if t.service == "" {
		return known, nil
	}
	if !slices.Contains(known, t.service) {
		if err := elsewhere(t.service); err != nil {
			return nil, &exitError{code: ExitFailed, err: err}
		}
		return nil, &exitError{code: ExitFailed, err: fmt.Errorf("no service %s is known here%s", t.service, knownServices(t.service))}
	}
	return []string{t.service}, nil
}

// serviceRecord is one service as it is shown.
type serviceRecord struct {
	Service   string              `json:"service"`
	Since     time.Time           `json:"since"`       // where the record begins
	Observed  time.Time           `json:"observed"`    // up to when something is known
	Lost      int                 `json:"lostLines"`   // that couldn't be written
	Broken    int                 `json:"brokenLines"` // that couldn't be read
	Incidents []incident.Incident `json:"incidents"`
	SinceBoot summary             `json:"sinceBoot"`
	Window    summary             `json:"window"`

	earlier int  // incidents that aren't shown
	started bool // SinceBoot begins with daruma's first start in this boot
	history *incident.History
}

// summary is the availability of the programs over a window.
type summary struct {
	Since    time.Time               `json:"since"`
	Programs []incident.Availability `json:"programs"`
}

func showIncidents(ctx context.Context, std IO, names []string, q incidentsQuery, output format) error {
	records := []serviceRecord{} // an empty list in JSON, too
	var failed error
	for _, name := range names {
		h, err := readIncidents(ctx, name)
		if err != nil { // the others can be shown all the same
			failed = errors.Join(failed, fmt.Errorf("%s: %w", name, withRights(err)))
			continue
		}
		records = append(records, recordOf(name, h, q))
	}
	if err := printRecords(std, records, q, output, failed != nil); err != nil {
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return &exitError{code: ExitFailed, err: failed}
	}
	return nil
}

// readIncidents reads the record's file, or asks the supervisor where the folder is closed to this user.
func readIncidents(ctx context.Context, name string) (*incident.History, error) {
	f, err := folders.Seen(name)
	if err != nil {
		return nil, err
	}
	h, err := incident.Read(f.Incidents())
	if !errors.Is(err, fs.ErrPermission) {
		return h, err
	}
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	client, dialErr := control.Dial(name)
	if dialErr != nil {
		return nil, err
	}
	record, askErr := client.Incidents(ctx)
	if askErr != nil {
		return nil, err
	}
	return incident.ReadFrom(bytes.NewReader(record))
}

// recordOf picks what is asked for.
func recordOf(name string, h *incident.History, q incidentsQuery) serviceRecord {
	window, boot := h.Last(q.since), h.SinceBoot()
	r := serviceRecord{Service: name, Since: h.Since, Observed: h.Observed, Lost: h.Lost, Broken: h.Broken, Incidents: []incident.Incident{},
		SinceBoot: summary{boot.Since, reportOf(h, boot, q)}, Window: summary{window.Since, reportOf(h, window, q)}, history: h, started: boot.Started}
	all := h.Incidents
	if q.limited {
		all = h.In(window)
	}
	for _, i := range all {
		if q.program == "" || i.Program == q.program {
			r.Incidents = append(r.Incidents, i)
		}
	}
	r.earlier = max(len(r.Incidents)-q.count, 0)
	r.Incidents = r.Incidents[r.earlier:]
	return r
}

func reportOf(h *incident.History, w incident.Window, q incidentsQuery) []incident.Availability {
	programs := []incident.Availability{}
	for _, a := range h.Report(w) {
		if q.program == "" || a.Program == q.program {
			programs = append(programs, a)
		}
	}
	return programs
}
