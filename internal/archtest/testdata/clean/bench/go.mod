module github.com/tocsin-dev/tocsin/bench

go 1.26.0
