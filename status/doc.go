// Package status holds the pages by which people see incidents and act: each an http.Handler over a [tocsin.Engine].
package status
