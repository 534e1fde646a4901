#!/bin/sh
# Stands in for a compiler of C that is not at hand: preprocesses with the system's own, compiles
# nothing and leaves empty objects. What is built with it can be type-checked, and never linked.
file= output= preprocess=
while [ $# -gt 0 ]; do
    case "$1" in
    -E) preprocess=yes ;;
    -o) shift && output=$1 ;;
    -o*) output=${1#-o} ;;
    -*) ;;
    *) file=$1 ;;
    esac
    shift
done
[ -z "$preprocess" ] || exec cc -E "$file"
[ -z "$output" ] || : >"$output"
