import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.rekognition.RekognitionClient;
import software.amazon.awssdk.services.rekognition.model.*;

/** The story of README.md, told with the AWS SDK for Java: {@code java Story MANIFEST}. */
public final class Story {
    /** The statistics of a dataset: entries, labelled ones, labels, entries with errors. */
    private record Stats(int entries, int labelled, int labels, int errors) {
        static final Stats EMPTY = new Stats(0, 0, 0, 0);
        static final Stats FILLED = new Stats(120, 118, 4, 2);

        static Stats of(DatasetStats stats) {
            return new Stats(stats.totalEntries(), stats.labeledEntries(), stats.totalLabels(), stats.errorEntries());
        }
    }

    private final RekognitionClient client = RekognitionClient.create();
    private final List<String> lines;

    private Story(List<String> lines) {
        this.lines = lines;
    }

    public static void main(String[] arguments) throws IOException {
        new Story(Files.readAllLines(Path.of(arguments[0]))).tell();
    }

    private void tell() {
        String zoo = client.createProject(it -> it.projectName("zoo")).projectArn();
        String copies = client.createProject(it -> it.projectName("copies")).projectArn();
        projects(zoo, copies);
        String train = client.createDataset(
                it -> it.projectArn(zoo).datasetType(DatasetType.TRAIN).tags(Map.of("team", "zoo"))).datasetArn();
        String test = client.createDataset(it -> it.projectArn(zoo).datasetType(DatasetType.TEST)).datasetArn();
        datasets(zoo, train, test);
        fill(train);
        fail(train);
        pagesOfEntries(train);
        contentOfEntries(train);
        filters(train);
        edit(train);
        labels(train);
        distribute(train, test);
        List<String> copied = copy(copies, train);
        tags(train);
        refused("ResourceInUseException", ResourceInUseException.class, () -> client.deleteProject(it -> it.projectArn(zoo)));
        Stream.concat(Stream.of(train, test), copied.stream()).forEach(this::delete);
        for (String arn : List.of(zoo, copies)) {
            check("status of a project", client.deleteProject(it -> it.projectArn(arn)).status(), ProjectStatus.DELETING);
        }
        advance();
        check("projects that are left", client.describeProjects(it -> { }).projectDescriptions(), List.of());
    }

    private void projects(String zoo, String copies) {
        refused("ResourceInUseException", ResourceInUseException.class,
                () -> client.createProject(it -> it.projectName("zoo")));
        refused("ValidationException", RekognitionException.class,
                () -> client.createProject(it -> it.projectName("no blanks")));
        refused("UnknownOperationException", RekognitionException.class,
                () -> client.detectFaces(it -> it.image(image -> image.bytes(bytes("image")))));
        List<ProjectDescription> named =
                client.describeProjects(it -> it.projectNames("zoo", "unknown")).projectDescriptions();
        check("projects of two names", arns(named), List.of(zoo));
        ProjectDescription project = named.get(0);
        check("status of a project", project.status(), ProjectStatus.CREATED);
        check("datasets of a new project", project.datasets(), List.of());
        check("feature of a project", project.feature(), CustomizationFeature.CUSTOM_LABELS);
        check("creation of a project", project.creationTimestamp().toEpochMilli(),
                Long.parseLong(zoo.substring(zoo.lastIndexOf('/') + 1)));
        List<List<String>> pages = client.describeProjectsPaginator(it -> it.maxResults(1)).stream()
                .map(page -> arns(page.projectDescriptions())).toList();
        check("pages of projects", pages, List.of(List.of(zoo), List.of(copies)));
    }

    private void datasets(String project, String train, String test) {
        refused("ResourceNotFoundException", ResourceNotFoundException.class,
                () -> client.createDataset(it -> it.projectArn(project + "1").datasetType(DatasetType.TRAIN)));
        refused("InvalidParameterException", InvalidParameterException.class,
                () -> create(project, DatasetType.TRAIN, DatasetSource.builder().build()));
        refused("ResourceAlreadyExistsException", ResourceAlreadyExistsException.class,
                () -> client.createDataset(it -> it.projectArn(project).datasetType(DatasetType.TRAIN)));
        refused("ResourceNotReadyException", ResourceNotReadyException.class,
                () -> client.listDatasetEntries(it -> it.datasetArn(train)));
        await(train, DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.CREATE_COMPLETE, Stats.EMPTY);
        settled(test, DatasetStatus.CREATE_COMPLETE, Stats.EMPTY);
        List<String> shown = client.describeProjects(it -> it.projectNames("zoo")).projectDescriptions().get(0)
                .datasets().stream()
                .map(each -> each.datasetTypeAsString() + " " + each.datasetArn() + " " + each.statusAsString())
                .sorted().toList();
        check("datasets", shown, List.of("TEST " + test + " CREATE_COMPLETE", "TRAIN " + train + " CREATE_COMPLETE"));
    }

    private void fill(String train) {
        update(train, String.join("\n", lines));
        refused("ResourceInUseException", ResourceInUseException.class, () -> update(train, lines.get(0)));
        refused("ResourceInUseException", ResourceInUseException.class,
                () -> client.deleteDataset(it -> it.datasetArn(train)));
        await(train, DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.UPDATE_COMPLETE, Stats.FILLED);
        Instant created = describe(train).creationTimestamp();
        check("updated after creation", describe(train).lastUpdatedTimestamp().isAfter(created), true);
    }

    private void fail(String train) {
        update(train, lines.get(0).replace("farm/000", "farm/100") + "\n" + lines.get(1).replace("//animals", "//plants"));
        await(train, DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.UPDATE_FAILED, Stats.FILLED);
        check("message", describe(train).statusMessage(), "The manifest file contains images from multiple S3 buckets.");
    }

    private void pagesOfEntries(String train) {
        ListDatasetEntriesResponse first = client.listDatasetEntries(it -> it.datasetArn(train).nextToken(""));
        check("entries of a first page", keys(first.datasetEntries()), keys(lines.subList(0, 100)));
        ListDatasetEntriesResponse second =
                client.listDatasetEntries(it -> it.datasetArn(train).nextToken(first.nextToken()));
        check("entries of the last page", keys(second.datasetEntries()), keys(lines.subList(100, 120)));
        check("token of the last page", second.nextToken(), null);
        List<Integer> sizes = client.listDatasetEntriesPaginator(it -> it.datasetArn(train).maxResults(50)).stream()
                .map(page -> page.datasetEntries().size()).toList();
        check("sizes of pages", sizes, List.of(50, 50, 20));
        refused("ValidationException", RekognitionException.class,
                () -> client.listDatasetEntries(it -> it.datasetArn(train).maxResults(101)));
        refused("InvalidPaginationTokenException", InvalidPaginationTokenException.class,
                () -> client.listDatasetEntries(it -> it.datasetArn(train).nextToken("x")));
    }

    /** What was sent is listed, with what the service adds. */
    private void contentOfEntries(String train) {
        List<String> listed = entries(ListDatasetEntriesRequest.builder().datasetArn(train));
        check("order of entries", keys(listed), keys(lines));
        for (int number = 0; number < lines.size(); number++) {
            String sent = lines.get(number);
            String line = listed.get(number);
            if (sent.contains("/wrong/")) {
                check("errors of an entry", line.split("ERROR_", -1).length - 1, 2);
                check("error in the metadata", line.contains("\"cl-errors\":[{\"code\":\"ERROR_UNSUPPORTED_USE_CASE_TYPE\""), true);
                check("error of the line", line.contains(
                        "\"is_labeled\":true},\"cl-errors\":[{\"code\":\"ERROR_NO_VALID_LABEL_ATTRIBUTES\""), true);
            } else {
                String added = ",\"cl-metadata\":{\"is_labeled\":" + !sent.contains("/blank/") + "}}";
                check("line of an entry", line, sent.substring(0, sent.length() - 1) + added);
            }
        }
    }

    private void filters(String train) {
        ListDatasetEntriesRequest all = ListDatasetEntriesRequest.builder().datasetArn(train).build();
        check("entries of a folder", count(all.toBuilder().sourceRefContains("/wild/")), 16);
        check("labelled entries", count(all.toBuilder().labeled(true)), 118);
        check("entries without labels", count(all.toBuilder().labeled(false)), 2);
        check("entries with errors", keys(entries(all.toBuilder().hasErrors(true))),
                List.of("s3://animals/wrong/0.jpg", "s3://animals/wrong/1.jpg"));
        check("entries without the filter for errors", count(all.toBuilder().hasErrors(false)), 120);
        check("entries with one label", count(all.toBuilder().containsLabels("cow")), 50);
        check("entries with one of two labels", count(all.toBuilder().containsLabels("cow", "fox")), 66);
        check("entries with an unknown label", count(all.toBuilder().containsLabels("Cow")), 0);
        check("entries of two filters",
                count(all.toBuilder().containsLabels("cow", "fox").sourceRefContains("/farm/00")), 5);
    }

    private void edit(String train) {
        ListDatasetEntriesRequest all = ListDatasetEntriesRequest.builder().datasetArn(train).build();
        List<String> found = entries(all.toBuilder().sourceRefContains("farm/007.jpg"));
        check("entries of one image", found.size(), 1);
        String edited = found.get(0).replace("cow", "goat");
        update(train, edited);
        await(train, DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.UPDATE_COMPLETE, new Stats(120, 118, 5, 2));
        check("the edited line", entries(all.toBuilder().containsLabels("goat")), List.of(edited));
        check("entries that are left with cow", count(all.toBuilder().containsLabels("cow")), 49);
    }

    private void labels(String train) {
        List<Integer> sizes = new ArrayList<>();
        Map<String, String> counts = new HashMap<>();
        client.listDatasetLabelsPaginator(it -> it.datasetArn(train).maxResults(2)).stream().forEach(page -> {
            sizes.add(page.datasetLabelDescriptions().size());
            page.datasetLabelDescriptions().forEach(each -> counts.put(each.labelName(),
                    each.labelStats().entryCount() + " " + each.labelStats().boundingBoxCount()));
        });
        check("sizes of pages of labels", sizes, List.of(2, 2, 1));
        check("labels", counts, Map.of(
                "horse", "50 null", "cow", "49 null", "goat", "1 null", "fox", "16 16", "wolf", "16 16"));
    }

    private void distribute(String train, String test) {
        List<String> before = allEntries(train);
        List<DistributeDataset> pair = Stream.of(train, test)
                .map(arn -> DistributeDataset.builder().arn(arn).build()).toList();
        client.distributeDatasetEntries(it -> it.datasets(pair));
        check("status of TEST", describe(test).status(), DatasetStatus.UPDATE_IN_PROGRESS);
        await(train, DatasetStatus.UPDATE_IN_PROGRESS, DatasetStatus.UPDATE_COMPLETE, new Stats(96, 94, 5, 1));
        settled(test, DatasetStatus.UPDATE_COMPLETE, new Stats(24, 24, 4, 1));
        List<String> after = Stream.concat(allEntries(train).stream(), allEntries(test).stream()).sorted().toList();
        check("entries of both datasets", after, before.stream().sorted().toList());
        refused("InvalidParameterException", InvalidParameterException.class,
                () -> client.distributeDatasetEntries(it -> it.datasets(pair)));
    }

    private List<String> copy(String project, String source) {
        String train = create(project, DatasetType.TRAIN, manifest("animals.manifest"));
        await(train, DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.CREATE_COMPLETE, Stats.FILLED);
        check("message of an import", describe(train).statusMessage(),
                "The dataset was successfully created from the manifest file.");
        String failed = create(project, DatasetType.TEST, manifest("unknown.manifest"));
        await(failed, DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.CREATE_FAILED, Stats.EMPTY);
        check("message of a failed import", describe(failed).statusMessage(),
                "The manifest file extension or contents are invalid.");
        delete(failed);
        String test = create(project, DatasetType.TEST, DatasetSource.builder().datasetArn(source).build());
        await(test, DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.CREATE_COMPLETE, new Stats(96, 94, 5, 1));
        check("entries of a copy", allEntries(test), allEntries(source));
        return List.of(train, test);
    }

    private void tags(String train) {
        check("tags of creation", tagsOf(train), Map.of("team", "zoo"));
        client.tagResource(it -> it.resourceArn(train).tags(Map.of("stage", "draft")));
        check("tags after TagResource", tagsOf(train), Map.of("team", "zoo", "stage", "draft"));
        client.untagResource(it -> it.resourceArn(train).tagKeys("team", "unknown"));
        check("tags after UntagResource", tagsOf(train), Map.of("stage", "draft"));
        refused("ResourceNotFoundException", ResourceNotFoundException.class, () -> tagsOf(train + "1"));
    }

    private void delete(String arn) {
        client.deleteDataset(it -> it.datasetArn(arn));
        check("status of a dataset that is deleted", describe(arn).status(), DatasetStatus.DELETE_IN_PROGRESS);
        advance();
        refused("ResourceNotFoundException", ResourceNotFoundException.class, () -> describe(arn));
    }

    private String create(String project, DatasetType type, DatasetSource source) {
        return client.createDataset(it -> it.projectArn(project).datasetType(type).datasetSource(source)).datasetArn();
    }

    private static DatasetSource manifest(String name) {
        return DatasetSource.builder()
                .groundTruthManifest(it -> it.s3Object(object -> object.bucket("animals").name(name))).build();
    }

    private void update(String arn, String text) {
        client.updateDatasetEntries(it -> it.datasetArn(arn).changes(changes -> changes.groundTruth(bytes(text))));
    }

    private DatasetDescription describe(String arn) {
        return client.describeDataset(it -> it.datasetArn(arn)).datasetDescription();
    }

    private Map<String, String> tagsOf(String arn) {
        return client.listTagsForResource(it -> it.resourceArn(arn)).tags();
    }

    private List<String> entries(ListDatasetEntriesRequest.Builder request) {
        return client.listDatasetEntriesPaginator(request.build()).stream()
                .flatMap(page -> page.datasetEntries().stream()).toList();
    }

    private List<String> allEntries(String arn) {
        return entries(ListDatasetEntriesRequest.builder().datasetArn(arn));
    }

    private int count(ListDatasetEntriesRequest.Builder request) {
        return entries(request).size();
    }

    private static List<String> arns(List<ProjectDescription> projects) {
        return projects.stream().map(ProjectDescription::projectArn).toList();
    }

    /** The {@code source-ref} of lines that begin with it. */
    private static List<String> keys(List<String> lines) {
        return lines.stream().map(line -> line.split("\"", 5)[3]).toList();
    }

    private static SdkBytes bytes(String text) {
        return SdkBytes.fromUtf8String(text);
    }

    /** Check the status of a dataset that is at work, let the work end, and check the dataset after it. */
    private void await(String arn, DatasetStatus busy, DatasetStatus status, Stats stats) {
        check("status at work", describe(arn).status(), busy);
        advance();
        settled(arn, status, stats);
    }

    /** Check status, status message code and statistics of a dataset. */
    private void settled(String arn, DatasetStatus status, Stats stats) {
        DatasetDescription found = describe(arn);
        boolean failed = status.toString().endsWith("_FAILED");
        check("status of a dataset", found.status(), status);
        check("code of " + status, found.statusMessageCode(),
                failed ? DatasetStatusMessageCode.CLIENT_ERROR : DatasetStatusMessageCode.SUCCESS);
        check("statistics of a dataset", Stats.of(found.datasetStats()), stats);
    }

    /** Let the work of 10 seconds end. */
    private static void advance() {
        URI clock = URI.create(System.getenv("AWS_ENDPOINT_URL_REKOGNITION") + "/_emulator/clock");
        HttpRequest request =
                HttpRequest.newBuilder(clock).POST(HttpRequest.BodyPublishers.ofString("{\"advance\": 10}")).build();
        try {
            int status = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            check("status of the clock", status, 200);
        } catch (IOException | InterruptedException fault) {
            throw new IllegalStateException("the clock cannot be advanced", fault);
        }
    }

    /** Check that a call is refused: name, HTTP status, class and request id. */
    private static void refused(String name, Class<? extends RekognitionException> type, Runnable call) {
        try {
            call.run();
        } catch (RekognitionException fault) {
            check("error code", fault.awsErrorDetails().errorCode(), name);
            check("HTTP status of " + name, fault.statusCode(), 400);
            check("class of " + name, fault.getClass(), type);
            check("request id with " + name, fault.requestId() != null, true);
            return;
        }
        throw new IllegalStateException("a call was answered instead of " + name);
    }

    /** End the program unless an answer is the one that is wanted. */
    private static void check(String what, Object got, Object wanted) {
        if (!java.util.Objects.equals(got, wanted)) {
            throw new IllegalStateException(what + ": " + got + " instead of " + wanted);
        }
    }
}
