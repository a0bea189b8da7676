# hls.tcl
# C simulation, C synthesis and C/RTL co-simulation of the kernel, without a platform.
# weft, for a test

#   vitis_hls -f hls.tcl                  (vitis-run --mode hls --tcl hls.tcl from 2024.2 on)
# Environment: STEPS, some of csim, csynth and cosim (the default: csynth cosim); FREQUENCY in MHz. Results: build.hls/.
# Not verified with vendor tools where docs/status.md does not say so.
proc setting {name fallback} {
    return [expr {[info exists ::env($name)] ? $::env($name) : $fallback}]
}
set here [file dirname [file normalize [info script]]]
set hls [file normalize [file join $here .. hls]]
set vectors [file normalize [file join $here .. vectors]]
set flags "-std=c++14 -I$hls"

open_project -reset build.hls
set_top small_0_kernel
add_files [file join $hls kernel.cpp] -cflags $flags
add_files -tb [file join $hls testbench.cpp] -cflags $flags
open_solution -reset solution -flow_target vitis
set_part xcu200-fsgd2104-2-e
create_clock -period [expr {1000.0 / [setting FREQUENCY 300]}]
source [file join $here hls_pre.tcl]

# The loops whose interval is not 1, by the reports of the functions.
proc check_intervals {reports} {
    set loops 0
    set slow {}
    foreach report $reports {
        set file [open $report]
        set text [read $file]
        close $file
        foreach {all interval} [regexp -all -inline {<PipelineII>([^<]*)</PipelineII>} $text] {
            incr loops
            if {$interval ne "1"} { lappend slow "[file rootname [file tail $report]]: II = $interval" }
        }
    }
    puts "$loops pipelined loops, [llength $slow] with an interval other than 1"
    if {$loops == 0} { error "no report speaks of a pipelined loop" }
    if {$slow ne {}} { error [join $slow \n] }
}

foreach step [setting STEPS {csynth cosim}] {
    switch $step {
        csim { csim_design -argv $vectors }
        csynth {
            csynth_design
            check_intervals [glob build.hls/solution/syn/report/*_csynth.xml]
        }
        cosim { cosim_design -argv "$vectors 2" }
        default { error "STEPS: csim, csynth and cosim, not $step" }
    }
}
exit
