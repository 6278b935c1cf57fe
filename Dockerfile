# The workflow in a container: works on the folder mounted at /work, with the config.yaml there or the default one.
# Untested: written without Docker and Apptainer at hand. Any arguments are those of snakemake.
#
#   docker build --tag batchscope .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" batchscope --configfile mine.yaml
#
# With Apptainer, from the same image:
#
#   docker save batchscope --output batchscope.tar && apptainer build batchscope.sif docker-archive://batchscope.tar
#   apptainer run --bind "$PWD:/work" --pwd /work batchscope.sif --configfile mine.yaml
#
# For GPUs: docker build --build-arg REQUIREMENTS=requirements-gpu.txt, docker run --gpus all, apptainer run --nv.
FROM python:3.12-slim

ARG REQUIREMENTS=requirements.txt
COPY envs /batchscope/envs
RUN pip install --no-cache-dir --require-hashes --requirement /batchscope/envs/$REQUIREMENTS

COPY Snakefile config.yaml /batchscope/
COPY profiles /batchscope/profiles
COPY studies /batchscope/studies
COPY workflow /batchscope/workflow
# Readable by any user, whatever the checkout's permissions.
RUN chmod -R a+rX /batchscope

WORKDIR /work
# Any user will do, also one without a name and a home here: what belongs at home goes to the mounted folder.
ENV USER=batchscope HOME=/work/.snakemake/home
ENTRYPOINT ["sh", "-c", \
    "test -e config.yaml || cp /batchscope/config.yaml . && exec snakemake --snakefile /batchscope/Snakefile \"$@\"", \
    "snakemake"]
