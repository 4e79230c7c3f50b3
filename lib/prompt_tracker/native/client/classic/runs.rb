# frozen_string_literal: true

module PromptTracker
  module Native
    class Client
      module Classic
        # {Client::Runs}
        class Runs
          # What an open call is answered with where its run is cancelled.
          DECLINED = "Error: the call was cancelled."

          private_constant :DECLINED

          # @param places [#thread] knows the threads
          def initialize(client, places = Classic)
            @client = client
            @places = places
          end

          # @return [Hash, String]
          def create(thread_id, parameters, query)
            receiver, options = split(parameters)
            thread = @places.thread(@client, thread_id)
            start(thread, RunRequest.new(options, query), receiver)
          end

          # @return [Hash, String]
          def create_thread_and_run(parameters)
            receiver, options = split(parameters)
            request = RunRequest.new(options.except("thread"))
            request.to_a # what can't be carried over is said before a thread is made
            made = Threads.new(@client).create(options["thread"] || {})
            start(@places.thread(@client, made["id"]), request, receiver, made)
          rescue Error => e
            raise with_ids(e, made && made["id"])
          end

          # @return [Hash]
          def retrieve(thread_id, id)
            Query.id(:id, id)
            thread = @places.thread(@client, thread_id)
            run, shape = look(thread, id)
            refuse_superseded(thread, run, shape)
            shape
          end

          # @return [Hash, String]
          def submit_tool_outputs(thread_id, run_id, parameters)
            Query.id(:run_id, run_id)
            receiver, options = split(parameters)
            outputs = outputs(options["tool_outputs"])
            thread = @places.thread(@client, thread_id)
            run = going_on(thread, run_id)
            input = outputs.map { |id, output| { type: "function_call_output", call_id: id, output: output } }
            run.take_outputs(outputs) { go(thread, run, input, receiver) }
          end

          # @return [Hash]
          def cancel(thread_id, id)
            Query.id(:id, id)
            thread = @places.thread(@client, thread_id)
            run = Classic.runs[id]
            begin
              response = thread.cancel(run ? run.newest : id)
            rescue HTTPError, UnsupportedError => e
              return decline(thread, id, e)
            end
            shape = (run || Run.found(response, thread_id)).see(response)
            shape["status"] == "requires_action" ? decline(thread, id) : shape
          end

          # @raise [UnsupportedError]
          def list(thread_id)
            raise UnsupportedError, "runs.list can't be served for #{thread_id}: no endpoint lists the responses of " \
                                    "a conversation. Keep the ids of the runs that you start, for runs.retrieve"
          end

          # @raise [UnsupportedError]
          def modify(thread_id, id)
            raise UnsupportedError, "runs.modify can't be served for #{id} of #{thread_id}: no endpoint changes a " \
                                    "response. Give metadata to runs.create"
          end

          private

          # @return [Array(Stream, Hash{String => Object})]
          def split(parameters)
            receiver, options = Stream.split(parameters.to_hash)
            [receiver, options.to_h { |name, value| [name.to_s, value] }]
          end

          # A thread that this process doesn't know is asked for its tool_resources; what can't be carried over is said
          # before that.
          def start(thread, request, receiver, made = nil)
            parameters, input = request.to_a
            resources = thread.resources
            parameters, input = request.to_a(resources) unless resources.empty?
            go(thread, request.run(thread.id, parameters), input, receiver, made)
          end

          # Makes the next response of the run.
          def go(thread, run, input, receiver, made = nil)
            return run.see(whole(thread.respond(run, input))) unless receiver

            events = RunEvents.new(run, receiver, thread: made)
            response = follow(thread, run, input, events)
            response ? run.see(whole(response)) : +""
          end

          # A refusal can come with HTTP 200.
          def whole(response)
            return response if response["id"].is_a?(String)

            error = response["error"]
            error = error["message"] if error.is_a?(Hash)
            raise AnswerError, error.is_a?(String) ? error : "the server's answer has no response in it"
          end

          # @return [Hash, nil] a response, where the server answered with JSON instead of a stream
          def follow(thread, run, input, events)
            begin
              response = thread.respond(run, input, events)
              return response if response
            rescue ConnectionError => e
              raise with_ids(e, thread.id, run.id) if events.response.nil? || e.is_a?(TimeoutError)
            end
            take_up_again(thread, events) if thread.background?
            look_up(thread, run, events, e) unless events.over?
          end

          # As long as that gets further. Without numbers no one could say where.
          def take_up_again(thread, events)
            until events.over? || events.last_sequence.negative?
              before = events.last_sequence
              begin
                thread.follow(events.response["id"], before) { |data, event| events.call(data, event) }
              rescue ConnectionError, HTTPError
                nil
              end
              break unless events.last_sequence > before
            end
          end

          # The stream broke, or ended early: the response may be over all the same, or end in the background.
          def look_up(thread, run, events, error)
            id = events.response && events.response["id"]
            error ||= AnswerError.new("the stream of #{id || "the run"} ended before its answer was whole")
            response = id && (thread.background? ? Patience.poll(@client) { ended(thread, id) } : ended(thread, id))
            raise with_ids(error, thread.id, run.id) unless response

            events.settle(response)
            nil
          rescue HTTPError
            raise with_ids(error, thread.id, run.id)
          end

          def ended(thread, id)
            response = thread.response(id)
            response if Run::ENDS.include?(response["status"])
          end

          def look(thread, id)
            run = Classic.runs[id]
            response = Classic.response(thread, run, run ? run.newest : id)
            run ||= Run.found(response, thread.id)
            [run, run.see(response)]
          end

          # A run that this process didn't start may have gone on without it.
          def going_on(thread, id)
            run = Classic.runs[id]
            return run if run && !run.found?

            Classic.runs.delete(id)
            run, shape = look(thread, id)
            refuse_superseded(thread, run, shape)
            return run if run.parameters

            raise ConfigurationError, "#{id} can't go on here: its response doesn't name an assistant, or no " \
                                      "definition of that assistant was found"
          end

          def calls(shape)
            shape.dig("required_action", "submit_tool_outputs", "tool_calls").to_a.map { |call| call["id"] }
          end

          # Whether its outputs were submitted elsewhere, the conversation shows.
          def refuse_superseded(thread, run, shape)
            return unless shape["status"] == "requires_action" && thread.answered?(calls(shape))

            error = SupersededError.new(
              "#{run.id} has gone on: its tool outputs were submitted by another process, which alone knows the " \
              "response that it has become. Poll it there, or read its answer in #{thread.id} with messages.list"
            )
            raise with_ids(error, thread.id, run.id)
          end

          # A run that waits for outputs is over at the server; only its calls are open.
          def decline(thread, id, error = nil)
            run, shape = look(thread, id)
            raise error unless shape["status"] == "requires_action"

            refuse_superseded(thread, run, shape)
            outputs = calls(shape).map { |call| { type: "function_call_output", call_id: call, output: DECLINED } }
            outputs.each_slice(Conversations::MOST_ITEMS) { |slice| thread.add(slice) }
            run.cancel
            look(thread, id).last
          end

          def outputs(given)
            raise ArgumentError, "tool_outputs must be an Array of { tool_call_id:, output: }" unless given.is_a?(Array)

            given.to_h do |one|
              one = one.respond_to?(:to_hash) ? one.to_hash.transform_keys(&:to_s) : {}
              id, output = one.values_at("tool_call_id", "output")
              next [id, output.to_s] if id.is_a?(String) && (output.nil? || output.is_a?(String))

              raise ArgumentError, "each of tool_outputs must be { tool_call_id: String, output: String }"
            end
          end

          def with_ids(error, thread_id, run_id = nil)
            { thread_id: thread_id, run_id: run_id }.each do |name, id|
              error.instance_variable_set(:"@#{name}", id) if id && error.public_send(name).nil?
            end
            error
          end
        end
      end
    end
  end
end
