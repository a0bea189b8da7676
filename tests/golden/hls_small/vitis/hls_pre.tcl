# hls_pre.tcl
# Makes a violation of the dataflow rules or a misspelt pragma an error.
# weft, for a test

config_dataflow -strict_mode error
config_compile -pragma_strict_mode
config_compile -pipeline_style flp
