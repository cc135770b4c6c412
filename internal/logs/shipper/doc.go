// Package shipper writes the part of a log shipper's configuration that follows the log files of a service through rotation: for Filebeat,
// the OpenTelemetry Collector, Fluent Bit, Vector and Grafana Alloy.
//
// A log shipper knows a file again, after it was renamed, by its inode (on Windows its file ID) or by a fingerprint of its first bytes. Each
// way has its trap. A file system gives the inode of a deleted file to a new one, whose beginning a shipper then takes for shipped. And
// files that begin alike, with the same banner, have the same fingerprint. JSON lines begin with a time to the microsecond, so that
// fingerprints of them differ; of text [Look] finds out how alike its files begin.
package shipper
