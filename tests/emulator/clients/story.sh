#!/usr/bin/env bash
# The story of README.md, told with AWS CLI 2: `story.sh MANIFEST`; `story.sh MANIFEST fill` ends after that chapter.
set -euo pipefail
manifest=$1
last=${2:-delete}
url=$AWS_ENDPOINT_URL_REKOGNITION
added=',"cl-metadata":{"is_labeled":true}}'
empty="0 0 0 0"
filled="120 118 4 2"

fail() { printf '%.2000s\n' "$1" >&2; exit 1; }

# check WHAT GOT WANTED: end the program unless an answer is the one that is wanted; the lines that differ are shown.
check() { [ "$2" = "$3" ] || fail "$1, got (<) and wanted (>):"$'\n'"$(diff <(echo "$2") <(echo "$3"))"; }

# raw OPERATION OPTIONS...: what is asked for, with tabs between values, a line for each page; call: with blanks.
raw() { aws rekognition "$@" --endpoint-url "$url" --output text; }
call() { raw "$@" | tr '\t' ' '; }

# refused ERROR OPERATION OPTIONS...: check that a call is refused with an error.
refused() {
    local error=$1 said
    shift
    if said=$(call "$@" 2>&1); then fail "$1: '$said' instead of $error"; fi
    [[ $said == *"An error occurred ($error) when calling the "* ]] || fail "$1: '$said' instead of $error"
}

# silent OPERATION OPTIONS...: check that the answer of a call is empty.
silent() {
    local said
    said=$(call "$@")
    check "answer of $1" "$said" ""
}

# described ARN: status, status message code, and the statistics: entries, labelled ones, labels, entries with errors.
described() {
    local stats="DatasetStats.TotalEntries, DatasetStats.LabeledEntries, DatasetStats.TotalLabels, DatasetStats.ErrorEntries"
    call describe-dataset --dataset-arn "$1" --query "DatasetDescription.[Status, StatusMessageCode, $stats]"
}

message() { call describe-dataset --dataset-arn "$1" --query DatasetDescription.StatusMessage; }

# Let the work of 10 seconds end.
advance() { curl --silent --show-error --fail --output /dev/null --data '{"advance": 10}' "$url/_emulator/clock"; }

# wait_for ARN STATUS AFTER: check the status of a dataset that is at work, and what `described` prints after the work.
wait_for() {
    local now
    now=$(described "$1")
    check "status at work" "${now%% *}" "$2"
    advance
    check "dataset after $2" "$(described "$1")" "$3"
}

# update ARN: send the lines of standard input; AWS CLI 2 takes bytes as base64.
update() { silent update-dataset-entries --dataset-arn "$1" --changes "{\"GroundTruth\": \"$(base64 | tr -d '\n')\"}"; }

# entries ARN FILTERS...: the lines of a dataset.
entries() {
    local arn=$1
    shift
    raw list-dataset-entries --dataset-arn "$arn" --query 'DatasetEntries[]' "$@" | tr '\t' '\n'
}

# count ARN FILTERS...: how many entries there are, page by page.
count() {
    local arn=$1
    shift
    call list-dataset-entries --dataset-arn "$arn" --query 'length(DatasetEntries)' "$@" | paste -s -d ' ' -
}

keys() { sed 's/^{"source-ref":"\([^"]*\)".*/\1/'; }

# create PROJECT TYPE OPTIONS...: the ARN of a new dataset.
create() { call create-dataset --project-arn "$1" --dataset-type "$2" --query DatasetArn "${@:3}"; }

source_in_s3() { echo "GroundTruthManifest={S3Object={Bucket=animals,Name=$1}}"; }

delete() {
    local now
    silent delete-dataset --dataset-arn "$1"
    now=$(described "$1")
    check "status of a dataset that is deleted" "${now%% *}" DELETE_IN_PROGRESS
    advance
    refused ResourceNotFoundException describe-dataset --dataset-arn "$1"
}

# projects
zoo=$(call create-project --project-name zoo --query ProjectArn)
copies=$(call create-project --project-name copies --query ProjectArn)
refused ResourceInUseException create-project --project-name zoo
refused ValidationException create-project --project-name "no blanks"
refused UnknownOperationException detect-faces --image 'S3Object={Bucket=animals,Name=farm/000.jpg}'
check "project" "$(call describe-projects --project-names zoo unknown \
    --query 'ProjectDescriptions[].[ProjectArn, Status, length(Datasets)]')" "$zoo CREATED 0"
check "pages of projects" "$(call describe-projects --page-size 1 --query 'ProjectDescriptions[].ProjectArn')" \
    "$zoo"$'\n'"$copies"

# datasets
train=$(create "$zoo" TRAIN) # without tags: AWS CLI 2.9 knows no --tags of create-dataset
test=$(create "$zoo" TEST)
refused ResourceNotFoundException create-dataset --project-arn "${zoo}1" --dataset-type TRAIN
refused InvalidParameterException create-dataset --project-arn "$zoo" --dataset-type TRAIN --dataset-source '{}'
refused ResourceAlreadyExistsException create-dataset --project-arn "$zoo" --dataset-type TRAIN
refused ResourceNotReadyException list-dataset-entries --dataset-arn "$train"
wait_for "$train" CREATE_IN_PROGRESS "CREATE_COMPLETE SUCCESS $empty"
check "TEST dataset" "$(described "$test")" "CREATE_COMPLETE SUCCESS $empty"
check "datasets" "$(call describe-projects --project-names zoo \
    --query 'ProjectDescriptions[].Datasets[].[DatasetType, DatasetArn, Status]' | sort)" \
    "TEST $test CREATE_COMPLETE"$'\n'"TRAIN $train CREATE_COMPLETE"

# fill
update "$train" <"$manifest"
refused ResourceInUseException update-dataset-entries --dataset-arn "$train" --changes '{"GroundTruth": "e30="}'
refused ResourceInUseException delete-dataset --dataset-arn "$train"
wait_for "$train" UPDATE_IN_PROGRESS "UPDATE_COMPLETE SUCCESS $filled"
[ "$last" = fill ] && exit

# fail
update "$train" < <(sed -n -e '1s/000/100/p' -e '2s/animals/plants/p' "$manifest")
wait_for "$train" UPDATE_IN_PROGRESS "UPDATE_FAILED CLIENT_ERROR $filled"
check "message" "$(message "$train")" "The manifest file contains images from multiple S3 buckets."

# list
first=$(call list-dataset-entries --dataset-arn "$train" --no-paginate --query '[length(DatasetEntries), NextToken]')
check "entries of a first page" "${first% *}" 100
check "entries and token of the last page" "$(call list-dataset-entries --dataset-arn "$train" --no-paginate \
    --next-token "${first#* }" --query '[length(DatasetEntries), NextToken]')" "20 None"
check "sizes of pages" "$(count "$train" --page-size 50)" "50 50 20"
refused ValidationException list-dataset-entries --dataset-arn "$train" --max-results 101
refused InvalidPaginationTokenException list-dataset-entries --dataset-arn "$train" --next-token x
listed=$(entries "$train")
check "order of entries" "$(keys <<<"$listed")" "$(keys <"$manifest")"
check "lines with labels" "$(sed -n 1,116p <<<"$listed")" "$(sed -n "1,116s/}\$/$added/p" "$manifest")"
check "lines without labels" "$(sed -n 117,118p <<<"$listed")" \
    "$(sed -n "117,118s/}\$/${added/true/false}/p" "$manifest")"
wrong='"cl-errors":[{"code":"ERROR_UNSUPPORTED_USE_CASE_TYPE".*"is_labeled":true},"cl-errors":[{"code":"ERROR_NO_VALID_LABEL_ATTRIBUTES"'
check "lines with both errors" "$(grep -c -F -e ERROR_ <<<"$listed") $(grep -c -e "${wrong//[/\\[}" <<<"$listed")" "2 2"
check "entries of a folder" "$(count "$train" --source-ref-contains /wild/)" 16
check "labelled entries" "$(count "$train" --labeled)" "100 18"
check "entries without labels" "$(count "$train" --no-labeled)" 2
check "entries with errors" "$(entries "$train" --has-errors | keys)" \
    s3://animals/wrong/0.jpg$'\n's3://animals/wrong/1.jpg
check "entries without the filter for errors" "$(count "$train" --no-has-errors)" "100 20"
check "entries with one label" "$(count "$train" --contains-labels cow)" 50
check "entries with one of two labels" "$(count "$train" --contains-labels cow fox)" 66
check "entries with an unknown label" "$(count "$train" --contains-labels Cow)" 0
check "entries of two filters" "$(count "$train" --contains-labels cow fox --source-ref-contains /farm/00)" 5

# edit
line=$(entries "$train" --source-ref-contains farm/007.jpg)
update "$train" <<<"${line/cow/goat}"
wait_for "$train" UPDATE_IN_PROGRESS "UPDATE_COMPLETE SUCCESS 120 118 5 2"
check "the edited line" "$(entries "$train" --contains-labels goat)" "${line/cow/goat}"
check "entries that are left with cow" "$(count "$train" --contains-labels cow)" 49

# labels
check "sizes of pages of labels" "$(call list-dataset-labels --dataset-arn "$train" --page-size 2 \
    --query 'length(DatasetLabelDescriptions)' | paste -s -d ' ' -)" "2 2 1"
check "labels" "$(call list-dataset-labels --dataset-arn "$train" \
    --query 'DatasetLabelDescriptions[].[LabelName, LabelStats.EntryCount, LabelStats.BoundingBoxCount]' | sort)" \
    "$(printf '%s\n' "cow 49 None" "fox 16 16" "goat 1 None" "horse 50 None" "wolf 16 16")"

# distribute
before=$(entries "$train")
silent distribute-dataset-entries --datasets "Arn=$train" "Arn=$test"
now=$(described "$test")
check "status of TEST" "${now%% *}" UPDATE_IN_PROGRESS
wait_for "$train" UPDATE_IN_PROGRESS "UPDATE_COMPLETE SUCCESS 96 94 5 1"
check "TEST dataset" "$(described "$test")" "UPDATE_COMPLETE SUCCESS 24 24 4 1"
left=$(entries "$train")
check "entries of both datasets" "$(sort < <(echo "$left" && entries "$test"))" "$(sort <<<"$before")"
refused InvalidParameterException distribute-dataset-entries --datasets "Arn=$train" "Arn=$test"

# copy
imported=$(create "$copies" TRAIN --dataset-source "$(source_in_s3 animals.manifest)")
wait_for "$imported" CREATE_IN_PROGRESS "CREATE_COMPLETE SUCCESS $filled"
check "message of an import" "$(message "$imported")" "The dataset was successfully created from the manifest file."
failed=$(create "$copies" TEST --dataset-source "$(source_in_s3 unknown.manifest)")
wait_for "$failed" CREATE_IN_PROGRESS "CREATE_FAILED CLIENT_ERROR $empty"
check "message of a failed import" "$(message "$failed")" "The manifest file extension or contents are invalid."
delete "$failed"
copied=$(create "$copies" TEST --dataset-source "DatasetArn=$train")
wait_for "$copied" CREATE_IN_PROGRESS "CREATE_COMPLETE SUCCESS 96 94 5 1"
check "entries of a copy" "$(entries "$copied")" "$left"

# tags
tags() { call list-tags-for-resource --resource-arn "$train" --query '[Tags.team, Tags.stage, length(keys(Tags))]'; }
check "tags of creation" "$(tags)" "None None 0"
silent tag-resource --resource-arn "$train" --tags team=zoo
silent tag-resource --resource-arn "$train" --tags stage=draft
check "tags after tag-resource" "$(tags)" "zoo draft 2"
silent untag-resource --resource-arn "$train" --tag-keys team unknown
check "tags after untag-resource" "$(tags)" "None draft 1"
refused ResourceNotFoundException list-tags-for-resource --resource-arn "${train}1"

# delete
refused ResourceInUseException delete-project --project-arn "$zoo"
for arn in "$train" "$test" "$imported" "$copied"; do delete "$arn"; done
for arn in "$zoo" "$copies"; do
    check "status of a project" "$(call delete-project --project-arn "$arn" --query Status)" DELETING
done
advance
check "projects that are left" "$(call describe-projects --query 'length(ProjectDescriptions)')" 0
