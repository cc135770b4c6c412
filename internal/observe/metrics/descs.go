package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// family is one metric: its name, what it says, and its labels.
type family struct {
	name, help, kind string
	labels           []string
	order            []int // of the labels, by name: as client_golang writes them
	index            int   // in descs.all
	desc             *prometheus.Desc
}

// descs are the metrics.
type descs struct {
	all []*family

	build, serviceUp, serviceStart, supervisorRestarts, definitionLoaded, warnings *family

	up, wanted, ready, healthy, paused, state, start, restarts, lastExit, cpu, memory, processes, files, logBytes, logLost *family

	shippedLines, shippedBytes, refusedLines, failedRequests, shippingLag *family

	probeOK, probeInARow, probes, probesFailed, probeDuration, incidents, serviceIncidents, recovery, availability *family
}

func newDescs() (d descs) {
	add := func(to **family, name, help string, labels ...string) {
		name = "daruma_" + name
		*to = &family{name, help, "gauge", labels, byName(labels), len(d.all), prometheus.NewDesc(name, help, labels, nil)}
		if strings.HasSuffix(name, "_total") {
			(*to).kind = "counter"
		}
		d.all = append(d.all, *to)
	}
	service := func(to **family, name, help string) { add(to, name, help, "service") }
	program := func(to **family, name, help string, more ...string) {
		add(to, name, help, append([]string{"service", "program"}, more...)...)
	}
	add(&d.build, "build_info", "The observer's daruma and Go; always 1.", "version", "goversion")
	service(&d.serviceUp, "service_up", "Whether the service's supervisor answers.")
	service(&d.serviceStart, "service_start_time_seconds", "When the service's keeper started, since the epoch.")
	service(&d.supervisorRestarts, "service_supervisor_restarts_total", "Supervisors that the keeper had to replace.")
	service(&d.definitionLoaded, "service_definition_loaded", "Whether the definition on disk is the one in force; 0: changed, refused or not readable.")
	service(&d.warnings, "service_warnings", "Warnings that daruma status shows now.")
	target := func(to **family, name, help string, more ...string) {
		add(to, "shipping_"+name, help, append([]string{"target"}, more...)...)
	}
	target(&d.shippedLines, "lines_total", "Lines of logs that the target has taken.")
	target(&d.shippedBytes, "bytes_total", "Bytes of the text of these lines.")
	target(&d.refusedLines, "refused_lines_total", "Lines that the target refused and that are left out; records where OTLP says how many of a request it dropped.")
	target(&d.failedRequests, "failed_requests_total", "Requests that failed, by the class of the answer's status; none: no answer, or not sent, unexpected: 2xx and not an answer of such a target.", "status")
	target(&d.shippingLag, "lag_seconds", "Age of the oldest line that is on its way to the target; 0: nothing is.")
	program(&d.up, "program_up", "Whether the program has a process.")
	program(&d.wanted, "program_wanted", "Whether the program is meant to run, or to run to completion.")
	program(&d.ready, "program_ready", "Whether it runs and its readiness probe succeeds; without one: whether it has started.")
	program(&d.healthy, "program_healthy", "Whether its liveness probe doesn't fail; without one: 1.")
	program(&d.paused, "program_paused", "Whether it is frozen by request.")
	program(&d.state, "program_state", "1 for the state that the program is in, 0 for the others.", "state")
	program(&d.start, "program_start_time_seconds", "When its current run started, since the epoch; none: it doesn't run.")
	program(&d.restarts, "program_restarts_total", "Restarts of the program, by the kind of the fall that led to each.", "cause")
	program(&d.lastExit, "program_last_exit_code", "Exit code of the run before this one; none: there was none, or a signal ended it.")
	program(&d.cpu, "program_cpu_seconds_total", "Processor time that its processes used.")
	program(&d.memory, "program_memory_bytes", "Memory of all its processes that is in RAM; none: unknown.")
	program(&d.processes, "program_processes", "Its processes; none: unknown.")
	program(&d.files, "program_open_files", "Open files, sockets and pipes of all its processes (Windows: handles); none: unknown.")
	program(&d.logBytes, "program_log_bytes_total", "Output that was captured.")
	program(&d.logLost, "program_log_lost_bytes_total", "Output that couldn't be written.")
	program(&d.probeOK, "program_probe_success", "Whether the probe of this kind succeeds, after its thresholds.", "probe")
	program(&d.probeInARow, "program_probe_consecutive_failures", "Failures of the probe in a row.", "probe")
	program(&d.probes, "program_probes_total", "Probes that were made.", "probe")
	program(&d.probesFailed, "program_probe_failures_total", "Probes that failed.", "probe")
	program(&d.probeDuration, "program_probe_duration_seconds", "How long the last probe took; none: there was none yet.", "probe")
	program(&d.incidents, "program_incidents_total", "Incidents of the incident record, by the kind of the first fall.", "cause")
	add(&d.serviceIncidents, "service_incidents_total", "Incidents of daruma's own processes, by kind; no program was down by them.", "service", "cause")
	program(&d.recovery, "program_recovery_seconds", "How long it took from the first fall of an incident until the program stood again.")
	program(&d.availability, "program_availability_ratio", "Of the time since the machine's boot in which the program was to run, the part in which no incident had it down.")
	d.recovery.kind = "histogram"
	return d
}

func byName(labels []string) []int {
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(labels[a], labels[b]) })
	return order
}
