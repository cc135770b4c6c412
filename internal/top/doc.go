// Package top is `daruma top`: all services of this machine at a glance in a terminal, kept up to date, with the logs and incidents of each and
// orders to their programs.
//
// [Model] is pure: messages go in, a view comes out, and what must be done (asking supervisors, reading logs, giving orders) are commands that it
// gives back. It keeps nothing that grows: of a log, the last lines; of a view, what the terminal shows. [Run] joins it to a terminal.
//
// It is no part of the executable daruma, whose every keeper and supervisor would carry it.
package top
