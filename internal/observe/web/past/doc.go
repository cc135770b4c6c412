// Package past makes the dashboard's pages of the past: the timeline of falls, an incident with the lines of the log around it, availability, and the
// charts in a service's page. What it shows comes from package history, how it is drawn from package timeline, and package web has the frame around it.
package past
