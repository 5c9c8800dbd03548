// Package gossip is in no table.
package gossip
