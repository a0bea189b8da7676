// regroup_formal.sv
// What weft_regroup promises: item n of fold f of a group leaves where it belongs, whatever the stalls, and nothing leaves before it came.
// SPDX-License-Identifier: Apache-2.0
//
// One item of one fold, chosen freely, is followed through one group, chosen freely; its place among the beats that leave is counted, so
// that a lost, doubled or misplaced beat shows.

module regroup_formal #(
    parameter int Items = 4,
    parameter int In = 1,
    parameter int Out = 2,
    parameter int Folds = 1
) (
    input logic           clk,
    input logic           rst,
    input logic           in_valid,
    input logic [ In-1:0] in_data,
    input logic           out_ready,
    input logic           follow
);
    logic           in_ready, out_valid;
    logic [Out-1:0] out_data;
    weft_regroup #(.Items(Items), .In(In), .Out(Out), .Folds(Folds), .ItemBits(1)) unit (.*);
    weft_handshake #(.Width(Out)) rules (.clk(clk), .rst(rst), .valid(out_valid), .ready(out_ready), .data(out_data));

    (* anyconst *) logic [3:0] item;
    (* anyconst *) logic [1:0] fold;

    // Where the next beat of each side is: its group's steps and folds.
    localparam int InSteps = (Items + In - 1) / In;
    localparam int OutSteps = (Items + Out - 1) / Out;
    logic [3:0] in_step, out_step;
    logic [1:0] in_fold, out_fold;
    logic [1:0] behind;       // groups that entered whole and have not left whole
    logic       enters, leaves, group_enters, group_leaves;
    assign enters       = in_valid && in_ready;
    assign leaves       = out_valid && out_ready;
    assign group_enters = enters && in_fold == 2'(Folds - 1) && in_step == 4'(InSteps - 1);
    assign group_leaves = leaves && out_fold == 2'(Folds - 1) && out_step == 4'(OutSteps - 1);

    logic       started = 1'b0;
    logic       followed, value, is_in, is_out;
    logic [1:0] ahead;        // groups that leave before the followed item's
    assign is_in  = in_fold == fold && in_step == item / 4'(In);
    assign is_out = out_fold == fold && out_step == item / 4'(Out);
    always_ff @(posedge clk) begin
        started <= 1'b1;
        if (rst) begin
            in_step  <= '0;
            in_fold  <= '0;
            out_step <= '0;
            out_fold <= '0;
            behind   <= '0;
            followed <= 1'b0;
        end else begin
            if (enters) begin
                in_fold <= in_fold == 2'(Folds - 1) ? '0 : in_fold + 1'b1;
                if (in_fold == 2'(Folds - 1)) in_step <= in_step == 4'(InSteps - 1) ? '0 : in_step + 1'b1;
            end
            if (leaves) begin
                out_fold <= out_fold == 2'(Folds - 1) ? '0 : out_fold + 1'b1;
                if (out_fold == 2'(Folds - 1)) out_step <= out_step == 4'(OutSteps - 1) ? '0 : out_step + 1'b1;
            end
            behind <= behind + 2'(group_enters) - 2'(group_leaves);
            if (enters && is_in && follow && !followed) begin
                followed <= 1'b1;
                value    <= in_data[item%4'(In)];
                ahead    <= behind - 2'(group_leaves);
            end else if (followed) begin
                if (leaves && is_out && ahead == 0) followed <= 1'b0;
                if (group_leaves) ahead <= ahead - 1'b1;
            end
        end
    end

    // The step that the last item of the next beat that leaves enters in.
    logic [3:0] last_item, needs;
    assign last_item = out_step == 4'(OutSteps - 1) ? 4'(Items - 1) : out_step * 4'(Out) + 4'(Out - 1);
    assign needs     = last_item / 4'(In);
    always @(*) begin
        assume (item < 4'(Items) && fold < 2'(Folds));
        if (!started) assume (rst);
        if (started && !rst) begin
            assert (!(followed && leaves && is_out && ahead == 0) || out_data[item%4'(Out)] == value);
            assert (!out_valid || behind != 0 || in_step > needs || (in_step == needs && in_fold > out_fold));
            assert (behind != 3);
            cover (followed && value && leaves && is_out && ahead == 0);
        end
    end
endmodule
